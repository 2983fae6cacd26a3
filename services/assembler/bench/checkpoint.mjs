// Micro-benchmark: one partition's records through the reducer to messages of `traces`, with checkpoints in a real
// Redis. Build first: npx tsc -b. Usage: REDIS_URL=redis://… node services/assembler/bench/checkpoint.mjs [spans]
import { createRequire } from 'node:module';
import { cpuPerSpan, interleavedLog } from '../../../libs/window/bench/interleaved-log.mjs';

const require = createRequire(import.meta.url);
const { FragmentBatchBuilder } = require('@spanloom/avro');
const { createRedis } = require('@spanloom/redis');
const { createLogger } = require('@spanloom/runtime');
const { createWindowState, DEFAULT_RULES, scanRecord, stepInto } = require('@spanloom/window');
const { createWindowStore } = require('../dist/window-store.js');

const SPANS = Number(process.argv[2] ?? 400_000);
const SPANS_PER_S = 20_000;
const MESSAGE_BYTES = 200_000;
const ROUNDS = 3;
const { messages } = interleavedLog(SPANS, SPANS_PER_S);
const logger = createLogger({ service: 'bench', level: 'silent' });
const redis = createRedis(
  { redis_url: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' },
  { logger },
);

/** CPU seconds that Redis has used, and its memory in MiB. */
async function redisUsage() {
  const info = await redis.client.info();
  const field = (name) => Number(new RegExp(`^${name}:([0-9.]+)`, 'm').exec(info)?.[1]);
  return {
    cpu_s: field('used_cpu_user') + field('used_cpu_sys'),
    memory_mib: field('used_memory') / 2 ** 20,
  };
}

/** @param checkpoint_bytes records' bytes between two checkpoints; 0 for none at all */
async function run(checkpoint_bytes, round) {
  const state = createWindowState({ mirrored: checkpoint_bytes > 0 });
  const store = createWindowStore(redis, `bench-${process.pid}-${round}`, 0);
  const builder = new FragmentBatchBuilder(0);
  const out = {
    begin(seq, bytes) {
      if (builder.bytes + bytes > MESSAGE_BYTES) builder.reset();
      return builder.begin(seq, bytes);
    },
  };
  let unsaved = 0;
  let memory_mib = 0;
  const begun = await redisUsage();
  const before = process.cpuUsage();
  for (const [offset, { timestampMs, value }] of messages.entries()) {
    stepInto(state, scanRecord(offset, timestampMs, value), DEFAULT_RULES, out);
    unsaved += value.length;
    if (checkpoint_bytes === 0 || unsaved < checkpoint_bytes) continue;
    await store.save(state, DEFAULT_RULES);
    unsaved = 0;
    memory_mib = Math.max(memory_mib, (await redisUsage()).memory_mib);
  }
  const cpu_us = cpuPerSpan(before, SPANS);
  const redis_us = (((await redisUsage()).cpu_s - begun.cpu_s) * 1e6) / SPANS;
  await store.discard();
  return { cpu_us, redis_us, memory_mib };
}

try {
  for (const mib of [0, 8, 2]) {
    const runs = [];
    for (let round = 0; round < ROUNDS; round++) runs.push(await run(mib * 2 ** 20, round));
    runs.sort((a, b) => a.cpu_us - b.cpu_us);
    const { cpu_us, redis_us, memory_mib } = runs[ROUNDS >> 1];
    console.log(
      `checkpoint ${mib === 0 ? 'never' : `each ${mib} MiB`}: ${cpu_us.toFixed(3)} µs a span here, ` +
        `${redis_us.toFixed(3)} in Redis, which holds at most ${memory_mib.toFixed(0)} MiB`,
    );
  }
} finally {
  await redis.close();
}
