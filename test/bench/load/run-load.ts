import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { SpanloomError } from '@spanloom/runtime';
import type { LoadReport, LoadRequest } from './request';

const MAIN = join(__dirname, 'load-main.js');

/** Runs a load process to its end. SpanloomError('internal') with what it said when it fails. */
export function runLoad(
  env: NodeJS.ProcessEnv,
  request: Pick<LoadRequest, 'shape' | 'mode'> & Partial<LoadRequest>,
): Promise<LoadReport> {
  const full: LoadRequest = { spans_per_s: 0, gateway_url: '', otlp_topic: '', ...request };
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, JSON.stringify(full)], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
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
    child.once('close', (code) => {
      const line = stdout.trim().split('\n').at(-1) ?? '';
      if (code === 0 && line.startsWith('{')) resolve(JSON.parse(line) as LoadReport);
      else reject(new SpanloomError('internal', `the load process failed (${code}):\n${stderr}`));
    });
  });
}
