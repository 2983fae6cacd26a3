import { type ProcessStatus, readStatus, type Status } from '@spanloom/infra';
import { createLogger } from '@spanloom/runtime';
import type { Command } from 'commander';
import { homeOf } from './run-options';

const EXAMPLES = `
Examples
  spanloom status
  spanloom status --json | jq '.processes[] | select(.health != "ready" and .health != "up")'

The exit code is 0 when everything that should run is well, 1 otherwise.
`;

const COLUMNS: readonly (readonly [string, (process: ProcessStatus) => string])[] = [
  ['PROCESS', (p) => p.process],
  ['PID', (p) => (p.pid === null ? '-' : String(p.pid))],
  ['PORT', (p) => (p.port === null ? '-' : String(p.port))],
  ['ADMIN', (p) => (p.admin_port === null ? '-' : String(p.admin_port))],
  ['HEALTH', (p) => p.health],
  ['LAG', (p) => (p.lag === null ? '-' : String(p.lag))],
  ['RESTARTS', (p) => String(p.restarts)],
  ['SINCE', (p) => p.started_at],
];

/** The processes as an aligned table. */
export function statusTable(processes: readonly ProcessStatus[]): string {
  const rows = [
    COLUMNS.map(([title]) => title),
    ...processes.map((process) => COLUMNS.map(([, cell]) => cell(process))),
  ];
  const widths = COLUMNS.map((_, column) =>
    Math.max(...rows.map((row) => (row[column] as string).length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] as number))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Whether everything that was started is as it should be. */
export function isWell(status: Status): boolean {
  const well = (process: ProcessStatus): boolean =>
    process.health === 'ready' || process.health === 'up';
  return status.status === 'running' && status.processes.every(well);
}

function describe(status: Status): string {
  if (status.status === 'stopped') return 'Nothing runs; start it with "spanloom up".';
  const head = `Spanloom is ${status.status}, since ${status.started_at}.`;
  const external =
    status.external.length === 0 ? '' : `\nFrom outside: ${status.external.join(', ')}.`;
  const error = status.error === null ? '' : `\n${status.error}`;
  const hint =
    status.status === 'left-behind'
      ? '\nIts supervisor is gone; "spanloom down" stops what it left.'
      : '';
  const table = status.processes.length === 0 ? '' : `\n\n${statusTable(status.processes)}`;
  return `${head}${external}${error}${hint}${table}`;
}

/** Adds `status`. Sets exit code 1 when something is not well. */
export function registerStatus(program: Command): void {
  program
    .command('status')
    .description('Show processes with ports, health and lag')
    .option('--json', 'one JSON object instead of a table')
    .option('--home <folder>', 'the folder that "up" was given')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: { readonly json?: boolean; readonly home?: string }) => {
      const logger = createLogger({ service: 'status', level: 'silent' });
      const status = await readStatus(homeOf(flags, process.env), { env: process.env, logger });
      const text = flags.json ? JSON.stringify(status) : describe(status);
      process.stdout.write(`${text}\n`);
      if (!isWell(status)) process.exitCode = 1;
    });
}
