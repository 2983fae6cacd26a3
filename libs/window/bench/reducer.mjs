// Micro-benchmark: CPU per span of scanning and reducing one partition, to messages of `traces`.
// Build first: npx tsc -b libs/window. Usage: node libs/window/bench/reducer.mjs [spans [spans per second of log]]
import { createRequire } from 'node:module';
import { cpuPerSpan, interleavedLog } from './interleaved-log.mjs';

const require = createRequire(import.meta.url);
const { FragmentBatchBuilder, SCAN_END, SpanScanner } = require('../../avro/dist/index.js');
const { createWindowState, DEFAULT_RULES, scanRecord, stepInto } = require('../dist/index.js');

const SPANS = Number(process.argv[2] ?? 400_000);
const SPANS_PER_S = Number(process.argv[3] ?? 20_000);
const ROUNDS = 5;
const MESSAGE_BYTES = 200_000;
const { messages, spanBytes } = interleavedLog(SPANS, SPANS_PER_S);

function scanOnly() {
  const scanner = new SpanScanner();
  for (const { value } of messages) {
    scanner.reset(value, 5, value.length);
    while (scanner.next() !== SCAN_END);
  }
  return '';
}

function reduce() {
  const state = createWindowState({});
  const builder = new FragmentBatchBuilder(0);
  let made = 0;
  let bytes = 0;
  let openMax = 0;
  const out = {
    begin(seq, length) {
      if (builder.bytes + length > MESSAGE_BYTES) {
        bytes += builder.view(1).length;
        builder.reset();
        made++;
      }
      return builder.begin(seq, length);
    },
  };
  messages.forEach(({ timestampMs, value }, offset) => {
    stepInto(state, scanRecord(offset, timestampMs, value), DEFAULT_RULES, out);
    openMax = Math.max(openMax, state.openWindows);
  });
  return `${made} messages, ${bytes} bytes, at most ${openMax} windows open`;
}

console.log(`${SPANS} spans of ${spanBytes.toFixed(0)} bytes, ${SPANS_PER_S} a second of log`);
for (const [name, work] of [
  ['scan only', scanOnly],
  ['scan, reduce, build messages', reduce],
]) {
  const costs = [];
  let said = '';
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    said = work();
    costs.push(cpuPerSpan(before, SPANS));
  }
  costs.sort((a, b) => a - b);
  const rss = (process.memoryUsage().rss / 2 ** 20).toFixed(0);
  console.log(
    `${name}: median ${costs[ROUNDS >> 1].toFixed(3)} µs a span, least ${costs[0].toFixed(3)}; resident ${rss} MiB; ${said}`,
  );
}
