import { SCHEMAS } from '@spanloom/avro';
import { createOracle, type Oracle } from '@spanloom/cli';
import { createClickHouse } from '@spanloom/clickhouse';
import { createKafka, type Kafka } from '@spanloom/kafka';
import { createRedis } from '@spanloom/redis';
import {
  type Clock,
  clickhouseSettings,
  createLogger,
  defineSettings,
  kafkaSettings,
  loadConfig,
  redisSettings,
  systemClock,
} from '@spanloom/runtime';
import { createDirectProducer } from './direct-producer';
import { createStriker } from './faults';
import { generatedRequests, type Load, startLoad } from './load';
import { createLogOracle, type SchemaIds } from './log-oracle';
import { FAULT_KINDS, type FaultKind, type PlannedFault, planFaults, WORKERS } from './plan';
import { recordedRequests } from './recorded';
import type { ChaosResult } from './result';
import { PARTITIONS, type Stack, startStack, TOPIC_PREFIX } from './stack';
import { judge, settle } from './verdict';

/** How a run is made. */
export interface ChaosOptions {
  readonly seed: number;
  readonly faults: number;
  /** Mean time between two faults. */
  readonly pace_ms: number;
  /** How long ClickHouse stays away when it is killed. */
  readonly downtime_ms: number;
  readonly huge_spans: number;
  readonly traces_per_second: number;
  /** Only these kinds; all by default. */
  readonly kinds?: readonly FaultKind[];
  /** A recording to send instead of generated load. */
  readonly recording?: string;
  /** Longest wait for everything to be stored when the last fault is over. */
  readonly settle_ms: number;
  /** Told what happens, a line each. */
  readonly onNote: (note: string) => void;
  /** Keeps the logs: told where they are when something was wrong. */
  readonly onLogs?: (folder: string) => void;
}

/** Spans per second that a recording is sent at, for each trace per second of generated load. */
const SPANS_PER_TRACE = 20;

const START_MS = 60_000;

const settings = defineSettings('chaos', {
  ...kafkaSettings,
  ...redisSettings,
  ...clickhouseSettings,
});

async function schemaIds(kafka: Kafka, prefix: string): Promise<SchemaIds> {
  const registry = kafka.registry();
  return {
    spanBatch: await registry.register(`${prefix}spans-value`, SCHEMAS.spanBatch),
    latencyPane: await registry.register(`${prefix}latency-value`, SCHEMAS.latencyPane),
  };
}

function requestsOf(options: ChaosOptions) {
  const { recording, seed, traces_per_second } = options;
  return recording === undefined
    ? generatedRequests(seed, traces_per_second)
    : recordedRequests(recording, traces_per_second * SPANS_PER_TRACE);
}

/** Waits until every gateway takes requests, so that the schedule begins with everything there. */
async function untilTaken(gateways: readonly string[], clock: Clock): Promise<void> {
  const end_ms = clock.monotonicMs() + START_MS;
  for (const url of gateways) {
    for (;;) {
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(url, { method: 'POST', headers, body: '{}' }).catch(() => null);
      await answer?.arrayBuffer();
      if (answer?.ok) break;
      if (clock.monotonicMs() > end_ms) throw new Error(`${url} did not start`);
      await clock.sleep(200);
    }
  }
}

/** Strikes on schedule; resolves with the faults that struck when the last one is over. */
async function strikeAll(
  plan: readonly PlannedFault[],
  strike: (fault: PlannedFault) => Promise<boolean>,
  clock: Clock,
  onNote: (note: string) => void,
): Promise<PlannedFault[]> {
  const begun_ms = clock.monotonicMs();
  const struck: PlannedFault[] = [];
  const underWay: Promise<void>[] = [];
  for (const fault of plan) {
    const wait_ms = begun_ms + fault.at_ms - clock.monotonicMs();
    if (wait_ms > 0) await clock.sleep(wait_ms);
    const what = `${fault.number}/${plan.length} ${fault.kind} ${fault.step}`.trim();
    onNote(what);
    const one = strike(fault).then((did) => {
      if (did) struck.push(fault);
      else onNote(`${what}: did not strike`);
    });
    one.catch(() => undefined);
    underWay.push(one);
  }
  await Promise.all(underWay);
  return struck;
}

function countKinds(struck: readonly PlannedFault[]): Record<string, number> {
  const kinds: Record<string, number> = {};
  for (const { kind } of struck) kinds[kind] = (kinds[kind] ?? 0) + 1;
  return kinds;
}

/** Load with faults on a running stack, then the verdict. */
async function breakIt(stack: Stack, options: ChaosOptions): Promise<ChaosResult> {
  const { seed, onNote } = options;
  const clock = systemClock;
  const begun_ms = clock.monotonicMs();
  const logger = createLogger({ service: 'chaos', level: 'silent' });
  const config = loadConfig(settings, { env: stack.directEnv });
  const kafka = createKafka(config, { logger, clientId: 'chaos' });
  const redis = createRedis(config, { logger });
  const clickhouse = createClickHouse(config, { logger });
  try {
    const ids = await schemaIds(kafka, TOPIC_PREFIX);
    const producer = await kafka.producer({ compression: 'none' });
    const oracle: Oracle = createOracle();
    const direct = createDirectProducer({
      kafka,
      producer,
      schemaId: ids.spanBatch,
      partitions: PARTITIONS,
      oracle,
      clock,
    });
    const { gateways } = stack;
    await untilTaken(gateways, clock);
    const load: Load = startLoad(requestsOf(options), { gateways, oracle, seed, clock });
    const strike = createStriker({ ...options, stack, load, producer: direct, redis, clock });
    const plan = planFaults({ ...options, kinds: options.kinds ?? FAULT_KINDS });
    const struck = await strikeAll(plan, strike, clock, onNote);
    onNote('faults are over; waiting until everything sent is acknowledged');
    await load.finish();
    const truth = createLogOracle(kafka, ids);
    onNote(`${oracle.spans} spans acknowledged; waiting until they are stored`);
    await settle({ truth, clickhouse, clock, settle_ms: options.settle_ms });
    onNote('comparing');
    const found = await judge({
      truth,
      again: createLogOracle(kafka, ids),
      oracle,
      clickhouse,
      spansTopic: kafka.topic('spans'),
      clock,
      onNote,
    });
    await producer.close();
    const restarts = ['gateway', ...WORKERS].flatMap((name) => stack.workers(name));
    return {
      seed,
      faults: struck.length,
      kinds: countKinds(struck),
      not_struck: plan.length - struck.length,
      ...found,
      worker_restarts: restarts.reduce((sum, worker) => sum + worker.restarts, 0),
      requests_resent: load.resent,
      seconds: Math.round((clock.monotonicMs() - begun_ms) / 1000),
    };
  } finally {
    await redis.close();
    await clickhouse.close();
    await kafka.close();
  }
}

/** Runs load against a stack of its own while breaking it, and compares everything with the oracles. */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  options.onNote('starting engines and workers');
  const stack = await startStack();
  try {
    return await breakIt(stack, options);
  } finally {
    options.onLogs?.(stack.logs);
    await stack.stop();
  }
}
