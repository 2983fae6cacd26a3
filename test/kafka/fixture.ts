import { randomBytes } from 'node:crypto';
import net from 'node:net';
import {
  createKafka,
  type Kafka,
  type KafkaConfig,
  type KafkaRecord,
  type OutgoingRecord,
  type PartitionHandle,
  type PartitionProcessor,
  type PartitionRunner,
  type ReleaseReason,
  type RunPartitionsOptions,
} from '@spanloom/kafka';
import type { Logger } from '@spanloom/runtime';

/** Address of the broker under test, given by the global set-up. */
export const BROKERS: readonly string[] = (process.env.KAFKA_BROKERS ?? '127.0.0.1:9092').split(
  ',',
);

/** Least session time-out that brokers accept by default, ms. */
export const SESSION_TIMEOUT_MS = 6_000;

/** Keeps lines for a look after a failure; prints them when SPANLOOM_TEST_LOG is set. */
export const quiet: Logger = {
  debug: () => undefined,
  info: (fields, message) => show('info', fields, message),
  warn: (fields, message) => show('warn', fields, message),
  error: (fields, message) => show('error', fields, message),
  child: () => quiet,
};

function show(level: string, fields: object, message: string): void {
  if (process.env.SPANLOOM_TEST_LOG === undefined) return;
  process.stderr.write(
    `${new Date().toISOString()} ${level} ${message} ${JSON.stringify(fields)}\n`,
  );
}

/** A Kafka whose topics nobody else uses, with `partitions` each. */
export function freshKafka(partitions: number): { kafka: Kafka; config: KafkaConfig } {
  const config: KafkaConfig = {
    kafka_brokers: BROKERS,
    schema_registry_url: process.env.SCHEMA_REGISTRY_URL ?? 'http://127.0.0.1:8081/apis/ccompat/v7',
    topic_prefix: `test-${randomBytes(6).toString('hex')}.`,
    partitions,
    replication_factor: 1,
  };
  return { kafka: createKafka(config, { logger: quiet, clientId: 'spanloom-test' }), config };
}

/** Creates one topic, stamped by the broker as ours are unless `config` says otherwise, and gives its name. */
export async function freshTopic(
  kafka: Kafka,
  partitions: number,
  config: Readonly<Record<string, string>> = {},
): Promise<string> {
  const topic = `test-${randomBytes(6).toString('hex')}`;
  const admin = await kafka.admin();
  const stamped = { 'message.timestamp.type': 'LogAppendTime', ...config };
  await admin.ensureTopics([
    { topic, partitions, replicationFactor: 1, config: stamped, required: {} },
  ]);
  return topic;
}

/** Records of one partition with values from–to as text. */
export function numbered(partition: number, from: number, to: number): OutgoingRecord[] {
  return Array.from({ length: to - from }, (_, i) => ({
    partition,
    value: Buffer.from(String(from + i)),
  }));
}

/** The values of records as numbers. */
export function values(records: readonly KafkaRecord[]): number[] {
  return records.map((record) => Number(record.value?.toString()));
}

/** Waits until `check` holds and does not throw; fails after `ms`. */
export async function until(check: () => boolean | Promise<boolean>, ms = 20_000): Promise<void> {
  const end = Date.now() + ms;
  for (;;) {
    let why: unknown = null;
    try {
      if (await check()) return;
    } catch (error) {
      why = error;
    }
    if (Date.now() > end) throw new Error('what was waited for did not happen', { cause: why });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A processor that writes down what happens to it. */
export interface Recording {
  readonly partition: number;
  readonly handle: PartitionHandle;
  readonly processor: PartitionProcessor;
  readonly seen: KafkaRecord[];
  readonly idles: boolean[];
  released: ReleaseReason | null;
  next: number;
  /** Called at the start of each `process`. */
  onProcess: (records: readonly KafkaRecord[]) => Promise<void> | void;
  onIdle: () => Promise<void> | void;
  onRelease: (why: ReleaseReason) => Promise<void> | void;
}

/** A record that outlives the call. */
function kept(record: KafkaRecord): KafkaRecord {
  const copy = (bytes: Buffer | null): Buffer | null => bytes && Buffer.from(bytes);
  return { ...record, key: copy(record.key), value: copy(record.value) };
}

/** Starts at what was committed, or 0. */
export async function recording(handle: PartitionHandle): Promise<Recording> {
  let calls = 0;
  const alone = async (work: () => Promise<void>): Promise<void> => {
    if (calls > 0) throw new Error('two calls of one processor at the same time');
    calls++;
    try {
      await work();
    } finally {
      calls--;
    }
  };
  const self: Recording = {
    partition: handle.partition,
    handle,
    seen: [],
    idles: [],
    released: null,
    next: (await handle.committed()).offset ?? 0,
    onProcess: () => undefined,
    onIdle: () => undefined,
    onRelease: () => undefined,
    processor: {
      position: () => self.next,
      process: (records) =>
        alone(async () => {
          await self.onProcess(records);
          self.seen.push(...records.map(kept));
          self.next = (records.at(-1)?.offset ?? 0) + 1;
        }),
      idle: (caughtUp) =>
        alone(async () => {
          await self.onIdle();
          self.idles.push(caughtUp);
        }),
      release: (why) =>
        alone(async () => {
          await self.onRelease(why);
          self.released = why;
        }),
    },
  };
  return self;
}

/** A group member whose processors record; `all` holds every processor ever made, in order. */
export interface Member {
  readonly runner: PartitionRunner;
  readonly all: Recording[];
  readonly fatal: unknown[];
  of(partition: number): Recording;
}

/** Starts a member. `prepare` may change a new processor before it is used. */
export async function startMember(
  kafka: Kafka,
  options: Pick<RunPartitionsOptions, 'groupId' | 'topic'> & Partial<RunPartitionsOptions>,
  prepare: (recording: Recording) => Promise<void> | void = () => undefined,
): Promise<Member> {
  const all: Recording[] = [];
  const fatal: unknown[] = [];
  const runner = await kafka.runPartitions({
    idle_interval_ms: 50,
    session_timeout_ms: SESSION_TIMEOUT_MS,
    heartbeat_interval_ms: 200,
    ...options,
    onFatal: (error) => fatal.push(error),
    createProcessor: async (handle) => {
      const made = await recording(handle);
      await prepare(made);
      all.push(made);
      return made.processor;
    },
  });
  return {
    runner,
    all,
    fatal,
    of(partition) {
      const found = all.findLast((r) => r.partition === partition);
      if (found === undefined) throw new Error(`no processor of partition ${partition}`);
      return found;
    },
  };
}

/** Ends connections as a peer does that resets them. */
export function reset(sockets: Iterable<net.Socket>): void {
  for (const socket of [...sockets]) {
    socket.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
  }
}

/** Sockets that are opened while `work` runs, and later ones until `stop`. To break or to freeze connections. */
export function watchSockets(): { readonly sockets: Set<net.Socket>; stop(): void } {
  const sockets = new Set<net.Socket>();
  const connect = net.connect;
  const watched = (...args: unknown[]): net.Socket => {
    const socket = Reflect.apply(connect, net, args) as net.Socket;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    return socket;
  };
  Reflect.set(net, 'connect', watched);
  return { sockets, stop: () => Reflect.set(net, 'connect', connect) };
}
