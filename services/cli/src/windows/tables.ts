import { alignColumns } from '../terminal/columns';
import type { OpenTrace, PartitionWindows, WindowsAnswer } from './ask';

type Columns<T> = readonly (readonly [string, (row: T) => string])[];

const figure = (value: number | string | null | undefined): string =>
  value === undefined || value === null ? '-' : String(value);

const PARTITIONS: Columns<PartitionWindows> = [
  ['PARTITION', (p) => String(p.partition)],
  ['STATE', (p) => p.state],
  ['WINDOWS', (p) => figure(p.open_windows)],
  ['SPANS', (p) => figure(p.spans)],
  ['BYTES', (p) => figure(p.bytes)],
  ['STORED', (p) => figure(p.stored_bytes)],
  ['OLDEST s', (p) => figure(p.oldest_age_s)],
  ['LOG CLOCK', (p) => figure(p.log_clock)],
];

const TRACES: Columns<OpenTrace> = [
  ['TRACE', (t) => t.trace_id],
  ['PARTITION', (t) => String(t.partition)],
  ['AGE s', (t) => String(t.age_s)],
  ['QUIET s', (t) => String(t.quiet_s)],
  ['SPANS', (t) => String(t.spans)],
  ['BYTES', (t) => String(t.bytes)],
  ['ROOT', (t) => (t.has_root ? 'yes' : 'no')],
];

/** The answer for people: a table of partitions, and one of traces where there are any. */
export function windowsTables({ order, partitions, traces }: WindowsAnswer): string {
  const lines = tableOf(PARTITIONS, partitions);
  const open = partitions.reduce((sum, { open_windows }) => sum + (open_windows ?? 0), 0);
  if (open === 0) return [...lines, '', 'No trace is open.'].join('\n');
  if (traces.length === 0) return lines.join('\n');
  const title = `${traces.length} of ${open} open traces, the ${order} first`;
  return [...lines, '', title, ...tableOf(TRACES, traces)].join('\n');
}

function tableOf<T>(columns: Columns<T>, rows: readonly T[]): readonly string[] {
  return alignColumns([
    columns.map(([title]) => title),
    ...rows.map((row) => columns.map(([, cell]) => cell(row))),
  ]);
}
