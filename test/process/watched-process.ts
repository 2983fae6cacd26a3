import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A line of a service's log. */
export interface LogLine {
  readonly level: string | number;
  readonly message: string;
  /** What the process took the time to be, ISO 8601. */
  readonly time: string;
  readonly why?: string;
  readonly admin_port?: number;
  readonly port?: number;
}

/** A service's process, seen from outside: its log, its admin server, its memory. */
export interface WatchedProcess {
  readonly lines: readonly LogLine[];
  /** What /readyz says; null while it cannot be asked. */
  readiness(): Promise<{ readonly ok: boolean; readonly why?: string } | null>;
  /** Whether /livez says yes. */
  isAlive(): Promise<boolean>;
  /** The value of a metric by its name and labels as they are exposed; null when it is not there. */
  metric(series: string): Promise<number | null>;
}

/** Reads the log of a process that was just started with its stdout piped and a log level of at least info. */
export function watchProcess(child: ChildProcess): WatchedProcess {
  const lines: LogLine[] = [];
  if (child.stdout === null) throw new Error('stdout is not piped');
  createInterface({ input: child.stdout }).on('line', (text) => {
    lines.push(JSON.parse(text) as LogLine);
  });
  const ask = async (path: string): Promise<Response | null> => {
    const port = lines.find((line) => line.admin_port !== undefined)?.admin_port;
    if (port === undefined) return null;
    return fetch(`http://127.0.0.1:${port}${path}`).catch(() => null);
  };
  return {
    lines,
    async readiness() {
      const answer = await ask('/readyz');
      return answer === null ? null : ((await answer.json()) as { ok: boolean; why?: string });
    },
    isAlive: async () => (await ask('/livez'))?.status === 200,
    async metric(series) {
      const body = await (await ask('/metrics'))?.text();
      const line = body?.split('\n').find((candidate) => candidate.startsWith(`${series} `));
      return line === undefined ? null : Number(line.slice(series.length + 1));
    },
  };
}

/** Samples a value while `work` runs: the largest that there was. */
export async function largest(
  sample: () => Promise<number | null>,
  work: () => Promise<unknown>,
): Promise<number> {
  let most = 0;
  let running = true;
  const done = work().finally(() => {
    running = false;
  });
  while (running) {
    most = Math.max(most, (await sample()) ?? 0);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  await done;
  return most;
}

/** Polls until `check` holds; after `ms` fails and says what was waited for. */
export async function until(
  what: string,
  check: () => Promise<boolean>,
  ms = 30_000,
): Promise<void> {
  const end = Date.now() + ms;
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`did not happen within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
