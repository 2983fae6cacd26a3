import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '@spanloom/infra';

const BIN = join(__dirname, '..', '..', 'services', 'cli', 'bin', 'spanloom.js');

/** What a command printed, and how it ended. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** One process as `spanloom status --json` shows it. */
export interface RunningProcess {
  readonly name: string;
  readonly kind: string;
  readonly pid: number;
}

/** Spanloom as a person starts it, in a folder and on ports of its own. */
export interface RunningSpanloom {
  /** Runs `spanloom …`; killed after `limitMs`. */
  spanloom(args: readonly string[], limitMs: number): Promise<CommandResult>;
  /** Processes of a kind, as written down by `up`. */
  processes(kind: string): readonly RunningProcess[];
  /** `down`, then the folder goes. */
  stop(): Promise<void>;
}

const PORTS = [
  'SPANLOOM_KAFKA_PORT',
  'SPANLOOM_REGISTRY_PORT',
  'SPANLOOM_REDIS_PORT',
  'SPANLOOM_CLICKHOUSE_PORT',
  'SPANLOOM_OTLP_HTTP_PORT',
  'SPANLOOM_QUERY_PORT',
  ...['GATEWAY', 'ASSEMBLER', 'LATENCY', 'ANOMALY', 'SINK', 'QUERY'].map(
    (s) => `SPANLOOM_${s}_ADMIN_PORT`,
  ),
];

/** Runs `spanloom up --detach` with the given flags. Throws with what it printed when it fails. */
export async function startSpanloom(flags: readonly string[]): Promise<RunningSpanloom> {
  const home = mkdtempSync(join(tmpdir(), 'spanloom-pipeline-'));
  const env: NodeJS.ProcessEnv = { PATH: process.env.PATH, HOME: process.env.HOME };
  if (process.env.SPANLOOM_CACHE) env.SPANLOOM_CACHE = process.env.SPANLOOM_CACHE;
  env.SPANLOOM_HOME = home;
  const ports = await freePorts(PORTS.length);
  PORTS.forEach((name, i) => {
    env[name] = String(ports[i]);
  });

  const spanloom: RunningSpanloom['spanloom'] = (args, limitMs) =>
    new Promise((resolve) => {
      const child = spawn(process.execPath, [BIN, ...args], {
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
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

  const running: RunningSpanloom = {
    spanloom,
    processes(kind) {
      const state = JSON.parse(readFileSync(join(home, 'run', 'state.json'), 'utf8')) as {
        processes: { name: string; kind: string; identity: { pid: number } | null }[];
      };
      return state.processes
        .filter((p) => p.kind === kind)
        .flatMap(({ name, identity }) =>
          identity === null ? [] : [{ name, kind, pid: identity.pid }],
        );
    },
    async stop() {
      await spanloom(['down'], 60_000);
      rmSync(home, { recursive: true, force: true });
    },
  };
  const up = await spanloom(['up', '--detach', ...flags], 120_000);
  if (up.code !== 0) {
    await running.stop();
    throw new Error(`spanloom up failed with ${up.code}:\n${up.stdout}\n${up.stderr}`);
  }
  return running;
}

/** The last line of what a command printed, as JSON. */
export function lastJson(result: CommandResult): Record<string, number> {
  const line = result.stdout.trim().split('\n').pop() ?? '';
  return JSON.parse(line) as Record<string, number>;
}
