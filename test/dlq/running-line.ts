import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type ClickHouse, createClickHouse, migrate } from '@spanloom/clickhouse';
import { startTestEngines } from '@spanloom/infra';
import { readRange } from '@spanloom/kafka';
import { createLogger } from '@spanloom/runtime';
import { type AssemblyLine, createAssemblyLine } from '../assembler/running-assembler';

const ROOT = join(__dirname, '..', '..');
const SINK = join(ROOT, 'services', 'sink', 'dist', 'main.js');
const BIN = join(ROOT, 'services', 'cli', 'bin', 'spanloom.js');
const COMMAND_MS_MAX = 60_000;

/** How a command ended: -1 when it was killed. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A header of a message on `spans`. */
export interface SentMessage {
  readonly offset: number;
  readonly attempts: string | undefined;
  readonly replayId: string | undefined;
}

/** Assembler and sink as processes on topics, registry and tables of their own, and the command line. */
export interface DeadLetterLine {
  readonly line: AssemblyLine;
  readonly clickhouse: ClickHouse;
  /** `spanloom dlq …`; a fault as SPANLOOM_FAULTPOINT takes it. */
  dlq(args: readonly string[], fault?: string): Promise<CommandResult>;
  /** Messages of a partition of `spans` that are replays. */
  replays(partition: number): Promise<SentMessage[]>;
  count(sql: string): Promise<number>;
  /** Waits until a query's number is `n`; fails with what it saw last. */
  untilCount(sql: string, n: number): Promise<void>;
  stop(): Promise<void>;
}

/** Starts everything. The registry is its own, so that schema ids are this test's alone. */
export async function startDeadLetterLine(partitions: number): Promise<DeadLetterLine> {
  const id = randomBytes(4).toString('hex');
  const prefix = `dlq-${id}.`;
  const registry = await startTestEngines({ engines: ['registry'] });
  const env = {
    KAFKA_BROKERS: process.env.KAFKA_BROKERS,
    REDIS_URL: process.env.REDIS_URL,
    CLICKHOUSE_URL: process.env.CLICKHOUSE_URL,
    ...registry.env,
  };
  const database = { CLICKHOUSE_DATABASE: `dlq_${id}` };
  const logger = createLogger({ service: 'dlq-test', level: 'silent' });
  const clickhouse = createClickHouse(
    {
      clickhouse_url: process.env.CLICKHOUSE_URL ?? '',
      clickhouse_database: database.CLICKHOUSE_DATABASE,
      clickhouse_user: 'default',
      clickhouse_password: '',
    },
    { logger },
  );
  await migrate(clickhouse, join(ROOT, 'schemas', 'clickhouse'), { logger });
  const line = await createAssemblyLine(env, prefix, partitions);
  line.start();
  const own = {
    PATH: process.env.PATH,
    ...env,
    ...database,
    SPANLOOM_TOPIC_PREFIX: prefix,
    SPANLOOM_PARTITIONS: String(partitions),
    SPANLOOM_ADMIN_PORT: '0',
    SPANLOOM_LOG_LEVEL: 'warn',
  };
  const sink: ChildProcess = spawn(process.execPath, [SINK], {
    env: { ...own, SPANLOOM_BLOCK_LINGER_MS: '100' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });

  const count = async (sql: string): Promise<number> => {
    const [row] = await clickhouse.query<Record<string, unknown>>(sql);
    return Number(Object.values(row ?? {})[0]);
  };

  return {
    line,
    clickhouse,
    count,
    dlq: (args, fault = '') => command(['dlq', ...args], { ...own, SPANLOOM_FAULTPOINT: fault }),
    async replays(partition) {
      const topic = line.kafka.topic('spans');
      const ranges = await (await line.kafka.admin()).offsets(topic);
      const high = ranges.find((range) => range.partition === partition)?.high ?? 0;
      const found: SentMessage[] = [];
      await readRange(line.kafka, topic, partition, 0, high, (records) => {
        for (const { offset, headers } of records) {
          const replayId = headers['spanloom-replay-id']?.toString();
          const attempts = headers['spanloom-attempts']?.toString();
          if (replayId !== undefined) found.push({ offset, attempts, replayId });
        }
      });
      return found;
    },
    async untilCount(sql, n) {
      const end = Date.now() + 60_000;
      let seen = await count(sql);
      while (seen !== n) {
        if (Date.now() > end) throw new Error(`${sql}: ${seen}, waited for ${n}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
        seen = await count(sql);
      }
    },
    async stop() {
      const gone = new Promise((resolve) => sink.once('exit', resolve));
      if (sink.exitCode === null && sink.signalCode === null) {
        sink.kill('SIGKILL');
        await gone;
      }
      await line.stop();
      await clickhouse.command(`DROP DATABASE ${clickhouse.database}`);
      await clickhouse.close();
      await registry.stop();
    },
  };
}

function command(args: readonly string[], env: NodeJS.ProcessEnv): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [BIN, ...args], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), COMMAND_MS_MAX);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += String(chunk);
    });
    child.stderr.on('data', (chunk) => {
      stderr += String(chunk);
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? -1, stdout, stderr });
    });
  });
}
