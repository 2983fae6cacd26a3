import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { settings } from '@spanloom/assembler';
import {
  AvroWriter,
  type DeadLetter,
  decodeDeadLetter,
  FragmentReader,
  SCHEMAS,
  SpanBatchBuilder,
  writeSpan,
} from '@spanloom/avro';
import {
  createKafka,
  type Kafka,
  type KafkaRecord,
  readRange,
  type TopicName,
  topicSpecs,
} from '@spanloom/kafka';
import type { Span } from '@spanloom/model';
import { createLogger, loadConfig } from '@spanloom/runtime';
import {
  advance,
  createWindowState,
  DEFAULT_RULES,
  deadRecord,
  type Entry,
  scanRecord,
  step,
  type WindowRules,
} from '@spanloom/window';

/** Short times, so that a test sees every rule within seconds. */
export const RULES: WindowRules = {
  ...DEFAULT_RULES,
  gap_s: 3,
  grace_s: 1,
  cut_s: 8,
  memory_s: 6,
  fragment_spans_max: 50,
};

const SERVICES = join(__dirname, '..', '..', 'services');

/** Topics of their own, assembler processes on them, and the oracle. */
export interface AssemblyLine {
  readonly kafka: Kafka;
  readonly schemaId: number;
  /** Starts one more process, of the assembler unless told otherwise, with more in its environment. Its log goes to its stdout. */
  start(extra?: NodeJS.ProcessEnv, service?: 'assembler' | 'latency'): ChildProcess;
  /** All records of a partition. */
  read(topic: TopicName, partition: number): Promise<readonly KafkaRecord[]>;
  send(partition: number, value: Buffer | null): Promise<unknown>;
  batch(spans: readonly Span[]): Buffer;
  /** Entries on `traces` that a sink would accept, per partition: each sequence number once, in order. */
  accepted(): Promise<string[][]>;
  /** Sequence numbers that skipped ahead: must stay empty. */
  readonly gaps: string[];
  /** What the pure reducer makes of the log as it is now, if the messages at `dead` (offsets) are dead letters. */
  expected(dead?: ReadonlySet<number>): Promise<string[][]>;
  /** What the pure reducer makes of a partition's records. */
  reduce(records: readonly KafkaRecord[], dead?: ReadonlySet<number>): string[];
  deadLetters(): Promise<DeadLetter[]>;
  stop(): Promise<void>;
}

async function readAll(kafka: Kafka, topic: string, partition: number): Promise<KafkaRecord[]> {
  const offsets = await (await kafka.admin()).offsets(topic);
  const range = offsets.find((o) => o.partition === partition);
  const records: KafkaRecord[] = [];
  if (range === undefined || range.high <= range.low) return records;
  await readRange(kafka, topic, partition, range.low, range.high, (found) => {
    for (const r of found) {
      records.push({ ...r, value: r.value === null ? null : Buffer.from(r.value) });
    }
  });
  return records;
}

/** What an assembler is given in its environment for these rules. */
export function rulesEnvironment(rules: WindowRules): Record<string, string> {
  return {
    SPANLOOM_GAP_S: String(rules.gap_s),
    SPANLOOM_GRACE_S: String(rules.grace_s),
    SPANLOOM_CUT_S: String(rules.cut_s),
    SPANLOOM_MEMORY_S: String(rules.memory_s),
    SPANLOOM_FRAGMENT_SPANS_MAX: String(rules.fragment_spans_max),
  };
}

/** Makes topics under the prefix and registers the schemas. Engines come from the environment. */
export async function createAssemblyLine(
  engines: NodeJS.ProcessEnv,
  prefix: string,
  partitions: number,
  rules: WindowRules = RULES,
): Promise<AssemblyLine> {
  const env = {
    ...engines,
    SPANLOOM_TOPIC_PREFIX: prefix,
    SPANLOOM_PARTITIONS: String(partitions),
    ...rulesEnvironment(rules),
    SPANLOOM_CHECKPOINT_INTERVAL_MS: '150',
    SPANLOOM_COMMIT_INTERVAL_MS: '400',
    SPANLOOM_TICK_QUIET_MS: '500',
    SPANLOOM_SESSION_TIMEOUT_MS: '6000',
    SPANLOOM_ADMIN_PORT: '0',
    SPANLOOM_LOG_LEVEL: 'warn',
  };
  const config = loadConfig(settings, { env });
  const logger = createLogger({ service: 'assembler-test', level: 'silent' });
  const kafka = createKafka(config, { logger, clientId: 'assembler-test' });
  await (await kafka.admin()).ensureTopics(topicSpecs(config));
  const schemaId = await kafka.registry().register(`${prefix}spans-value`, SCHEMAS.spanBatch);
  const producer = await kafka.producer({ compression: 'none', inOrder: true });
  const children: ChildProcess[] = [];
  const gaps: string[] = [];
  const writer = new AvroWriter();

  function reduce(records: readonly KafkaRecord[], dead: ReadonlySet<number> = new Set()) {
    const state = createWindowState({});
    const entries: Entry[] = [];
    for (const { offset, timestampMs, value } of records) {
      const scanned = dead.has(offset)
        ? deadRecord(offset, timestampMs, value as Buffer, 'schema-unknown')
        : scanRecord(offset, timestampMs, value);
      entries.push(...step(state, scanned, rules));
    }
    advance(state, state.clockS, rules, entries);
    return entries.map(({ bytes }) => bytes.toString('hex'));
  }

  return {
    kafka,
    schemaId,
    gaps,
    start(extra = {}, service = 'assembler') {
      const child = spawn(process.execPath, [join(SERVICES, service, 'dist', 'main.js')], {
        env: { PATH: process.env.PATH, ...env, ...extra },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      child.stdout?.resume();
      children.push(child);
      return child;
    },
    read: (topic, partition) => readAll(kafka, kafka.topic(topic), partition),
    send: (partition, value) => producer.send(kafka.topic('spans'), [{ partition, value }]),
    batch(spans) {
      const builder = new SpanBatchBuilder();
      for (const span of spans) {
        writer.reset();
        writeSpan(writer, span);
        builder.add(writer.view());
      }
      return builder.finish(schemaId, 0);
    },
    async accepted() {
      gaps.length = 0;
      const all: string[][] = [];
      const reader = new FragmentReader();
      for (let partition = 0; partition < partitions; partition++) {
        const entries: string[] = [];
        for (const { value } of await readAll(kafka, kafka.topic('traces'), partition)) {
          reader.reset(value as Buffer);
          for (let kind = reader.next(); kind !== 'end'; kind = reader.next()) {
            if (kind === 'corrupt') throw new Error('corrupt message on traces');
            const bytes = reader.buffer.toString('hex', reader.entryStart, reader.entryEnd);
            const last = entries.length;
            if (reader.seq === last + 1) entries.push(bytes);
            else if (reader.seq > last) gaps.push(`${partition}: ${reader.seq} after ${last}`);
            else if (entries[reader.seq - 1] !== bytes)
              gaps.push(`${partition}: ${reader.seq} differs`);
          }
        }
        all.push(entries);
      }
      return all;
    },
    reduce,
    async expected(dead = new Set()) {
      const all: string[][] = [];
      for (let partition = 0; partition < partitions; partition++) {
        all.push(reduce(await readAll(kafka, kafka.topic('spans'), partition), dead));
      }
      return all;
    },
    async deadLetters() {
      const letters: DeadLetter[] = [];
      for (let partition = 0; partition < partitions; partition++) {
        const records = await readAll(kafka, kafka.topic('dead-letters'), partition);
        letters.push(...records.map(({ value }) => decodeDeadLetter(value as Buffer)));
      }
      return letters;
    },
    async stop() {
      await Promise.all(
        children.map(
          (child) =>
            new Promise<void>((resolve) => {
              if (child.exitCode !== null || child.signalCode !== null) return resolve();
              child.once('exit', () => resolve());
              child.kill('SIGCONT');
              child.kill('SIGKILL');
            }),
        ),
      );
      await producer.close();
      await kafka.close();
    },
  };
}
