import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ClickHouse, createClickHouse, migrate } from '@spanloom/clickhouse';
import { createKafka } from '@spanloom/kafka';
import type { Span } from '@spanloom/model';
import {
  createHealth,
  createLogger,
  createMetrics,
  loadConfig,
  systemClock,
} from '@spanloom/runtime';
import { settings as sinkSettings, startSink } from '@spanloom/sink';
import {
  type AssemblyLine,
  createAssemblyLine,
  RULES,
  rulesEnvironment,
} from '../assembler/running-assembler';

const BIN = join(__dirname, '..', '..', 'services', 'cli', 'bin', 'spanloom.js');
const MIGRATIONS = join(__dirname, '..', '..', 'schemas', 'clickhouse');
const COMMAND_MS_MAX = 120_000;
const logger = createLogger({ service: 'stored-log-test', level: 'silent' });

/** Shorter than the log that the test writes: 23 s of horizon. */
const SHORT_RULES = { ...RULES, gap_s: 2, cut_s: 4, memory_s: 3 };

/** What a command printed, and how it ended. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Topics and a database of their own, an assembler process and a sink on them, and the command line. */
export interface StoredLog {
  readonly line: AssemblyLine;
  readonly clickhouse: ClickHouse;
  /** Runs `spanloom …`, killed after two minutes. `env` goes over what it is given otherwise. */
  spanloom(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<CommandResult>;
  close(): Promise<void>;
}

/** Starts everything. Engines come from the environment. */
export async function createStoredLog(partitions: number): Promise<StoredLog> {
  const id = randomBytes(5).toString('hex');
  const prefix = `stored-${id}.`;
  const engines = {
    KAFKA_BROKERS: process.env.KAFKA_BROKERS,
    SCHEMA_REGISTRY_URL: process.env.SCHEMA_REGISTRY_URL,
    CLICKHOUSE_URL: process.env.CLICKHOUSE_URL,
    CLICKHOUSE_DATABASE: `stored_${id}`,
    REDIS_URL: process.env.REDIS_URL,
  };
  const line = await createAssemblyLine(engines, prefix, partitions, SHORT_RULES);
  const env = { ...engines, SPANLOOM_TOPIC_PREFIX: prefix, SPANLOOM_PARTITIONS: `${partitions}` };
  const config = loadConfig(sinkSettings, {
    env: { ...env, SPANLOOM_BLOCK_ROWS_MAX: '300', SPANLOOM_BLOCK_LINGER_MS: '200' },
  });
  const clickhouse = createClickHouse(config, { logger });
  await migrate(clickhouse, MIGRATIONS, { logger });
  line.start();
  const kafka = createKafka(config, { logger, clientId: 'stored-log-test' });
  const stops: (() => Promise<void>)[] = [kafka.close];
  const health = createHealth(systemClock);
  health.setReady(true);
  await startSink(
    {
      config,
      logger,
      metrics: createMetrics('sink'),
      health,
      clock: systemClock,
      onStop: (_name, stop) => void stops.unshift(stop),
      fail: (error) => {
        throw error;
      },
    },
    { kafka, clickhouse },
  );
  return {
    line,
    clickhouse,
    spanloom: (args, more = {}) =>
      runCommand(args, {
        PATH: process.env.PATH,
        SPANLOOM_HOME: join('/nonexistent', id),
        ...env,
        ...rulesEnvironment(SHORT_RULES),
        ...more,
      }),
    async close() {
      for (const stop of stops.splice(0)) await stop();
      await line.stop();
      await clickhouse.command(`DROP DATABASE stored_${id}`);
      await clickhouse.close();
    },
  };
}

function runCommand(args: readonly string[], env: NodeJS.ProcessEnv): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [BIN, ...args], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), COMMAND_MS_MAX);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr });
    });
  });
}

function span(trace: number, id: number, root: boolean): Span {
  return {
    traceId: (trace * 7919 + 1).toString(16).padStart(32, 'd4'),
    spanId: (id + 1).toString(16).padStart(16, '0'),
    parentSpanId: root ? '' : '00000000000000aa',
    startUnixNano: 1_700_000_000_000_000_000n + BigInt(id) * 1_000_000n,
    durationNano: 5_000_000n,
    kind: 2,
    statusCode: id % 11 === 0 ? 2 : 0,
    service: id % 3 === 0 ? 'cart' : 'checkout',
    name: `GET /${id % 4}`,
    traceState: '',
    flags: 1,
    statusMessage: '',
    scopeName: 'shop',
    scopeVersion: '1.2',
    resourceAttributes: { 'service.name': id % 3 === 0 ? 'cart' : 'checkout' },
    attributes: { 'http.request.method': 'GET', n: String(id) },
    events: [{ timeUnixNano: 1_700_000_000_000_000_500n, name: 'e', attributes: { a: '1' } }],
    links: [],
  };
}

/**
 * Spans are repeated within the memory (every seventh) and, far beyond it, one trace at every hundredth turn.
 * @param first_turn other turns have other traces
 */
export async function load(
  line: AssemblyLine,
  partitions: number,
  seconds: number,
  first_turn = 0,
): Promise<number> {
  const until = Date.now() + seconds * 1000;
  let sent = 0;
  for (let turn = first_turn; Date.now() < until; turn++) {
    const spans: Span[] = [];
    for (let i = 0; i < 20; i++) {
      const trace = (Math.floor(turn / partitions) + (i % 5)) * partitions + (turn % partitions);
      spans.push(span(trace, i, i === 0 && trace % 3 !== 0));
      if (i % 7 === 0) spans.push(span(trace, i, false));
    }
    if (turn % 100 < partitions) spans.push(span(2_000_000 + (turn % partitions), 1, true));
    await line.send(turn % partitions, line.batch(spans));
    sent += spans.length;
    if (turn % 50 === 0) {
      await line.send(turn % partitions, Buffer.from('no message of ours'));
      sent++;
    }
    await sleep(40);
  }
  return sent;
}
