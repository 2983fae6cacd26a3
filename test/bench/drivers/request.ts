import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { SpanloomError } from '@spanloom/runtime';
import type { DriverCompression, DriverName } from './driver';
import type { Packing } from './messages';

/** What a child is told, as JSON, by its only argument. */
export interface ChildRequest {
  readonly driver: DriverName;
  /** Folder that has the driver in its node_modules; '' for those that this project has. */
  readonly folder: string;
  readonly mode: 'produce' | 'consume';
  readonly packing: Packing;
  readonly brokers: readonly string[];
  readonly compression: DriverCompression;
  /** Topic and spans to write. */
  readonly topic: string;
  readonly spans: number;
  /** Topics to read, and how many records each holds: a small one to warm up and compare with, and a large one. */
  readonly logs: readonly { readonly topic: string; readonly records: number }[];
}

/** What a child has done: its last line, as JSON. */
export interface ChildReport {
  /** User and system time of the process, all threads, while the measured part went on. */
  readonly cpu_us: number;
  /** The measured part, as a share of all records. */
  readonly measured: number;
  /** All that was written, or that is in the large topic, and the bytes of its values. */
  readonly records: number;
  readonly bytes: number;
}

const MAIN = join(__dirname, 'child-main.js');
const CHILD_MS_MAX = 120_000;

/** Runs a child to its end. SpanloomError('internal') with what it said when it fails or takes two minutes. */
export function runChild(request: ChildRequest): Promise<ChildReport> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, JSON.stringify(request)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: CHILD_MS_MAX,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      const line = stdout.trim().split('\n').at(-1) ?? '';
      if (code === 0 && line.startsWith('{')) return resolve(JSON.parse(line) as ChildReport);
      const { driver, mode, packing } = request;
      const what = `${driver} failed to ${mode} (${packing}; ${code ?? signal})`;
      reject(new SpanloomError('internal', `${what}:\n${stderr}`));
    });
  });
}
