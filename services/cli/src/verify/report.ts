import { alignColumns } from '../terminal/columns';
import { grouped } from '../terminal/progress';
import { isBalanced, type PartitionBalance, type Verification } from './balance';

const COUNTS = [
  ['carried in', 'carried_in'],
  ['received', 'received'],
  ['stored', 'stored'],
  ['duplicate', 'duplicates'],
  ['dead-lettered', 'dead_lettered'],
  ['sampled out', 'sampled_out'],
  ['open', 'open'],
  ['missing', 'missing'],
] as const satisfies readonly (readonly [string, keyof PartitionBalance])[];

type Totals = Record<(typeof COUNTS)[number][1], number>;

/** Sums over all partitions. */
export function totals(partitions: readonly PartitionBalance[]): Totals {
  const sum = (name: keyof Totals): number => partitions.reduce((n, b) => n + b[name], 0);
  return Object.fromEntries(COUNTS.map(([, name]) => [name, sum(name)])) as Totals;
}

/** The result as one JSON object. `settled` is null when nobody waited. */
export function verificationJson(seen: Verification, settled: boolean | null): string {
  const { balanced, partitions, rows, examples } = seen;
  const { open, ...rest } = totals(partitions);
  return JSON.stringify({
    balanced,
    settled,
    ...rest,
    open,
    rows_missing: rows.reduce((sum, row) => sum + row.missing, 0),
    rows_surplus: rows.reduce((sum, row) => sum + row.surplus, 0),
    rows_replaced: rows.reduce((sum, row) => sum + row.replaced, 0),
    partitions: partitions.map(({ rows_agree, ...balance }) => ({
      ...balance,
      balanced: isBalanced(balance as PartitionBalance),
    })),
    examples,
  });
}

function tableOf(partitions: readonly PartitionBalance[]): readonly string[] {
  const carried = partitions.some((balance) => balance.carried_in > 0);
  const counts = COUNTS.filter(([, name]) => carried || name !== 'carried_in');
  const cells = (of: Totals): string[] => counts.map(([, name]) => grouped(of[name]));
  return alignColumns([
    ['partition', 'from offset', 'to offset', ...counts.map(([title]) => title)],
    ...partitions.map((balance) => [
      `${balance.partition}${isBalanced(balance) ? '' : ' !'}`,
      grouped(balance.from_offset),
      grouped(balance.to_offset),
      ...cells(balance),
    ]),
    ['all', '', '', ...cells(totals(partitions))],
  ]);
}

function* faults({ partitions, rows, examples }: Verification): Generator<string> {
  for (const { partition, missing, holes, entries_missing, ...letters } of partitions) {
    const at = `partition ${partition}:`;
    const lettersMissing = letters.letters_expected - letters.letters;
    if (lettersMissing > 0) yield `${at} ${grouped(lettersMissing)} dead letters are not stored`;
    if (missing > 0) yield `${at} ${grouped(missing)} spans that came in are nowhere`;
    if (missing < 0) yield `${at} ${grouped(-missing)} more spans are stored than came in`;
    if (holes > 0) yield `${at} ${holes} ledger rows do not begin where the one before ended`;
    if (entries_missing > 0) yield `${at} ${grouped(entries_missing)} sequence numbers are missing`;
    if (entries_missing < 0)
      yield `${at} ${grouped(-entries_missing)} sequence numbers are doubled`;
  }
  for (const { partition, missing, surplus } of rows) {
    const at = `partition ${partition}: otel_traces`;
    if (missing > 0) yield `${at} lacks ${grouped(missing)} rows of its fragments`;
    if (surplus > 0) yield `${at} has ${grouped(surplus)} rows too many`;
  }
  for (const { partition, seq, trace_id, spans, rows: found } of examples) {
    yield `  trace ${trace_id}, fragment ${partition}/${seq}: ${spans} spans, ${found} rows`;
  }
}

function* notes({ rows }: Verification): Generator<string> {
  const replaced = rows.reduce((sum, row) => sum + row.replaced, 0);
  if (replaced > 0) {
    yield `${grouped(replaced)} rows gave way to a later copy of the same span, beyond the id memory.`;
  }
}

function verdict({ balanced, partitions }: Verification, open: number): string {
  if (!balanced) {
    return partitions.every(isBalanced)
      ? 'NOT BALANCED: the counts add up, but the rows are not those of the fragments.'
      : 'NOT BALANCED: what was received is not what was stored, dropped, dead-lettered and is open.';
  }
  return open === 0
    ? 'Balanced: every span received is accounted for, and no window is open.'
    : `Balanced: ${grouped(open)} spans are open, in windows that had not closed at "to offset".`;
}

/** The result for people. */
export function verificationText(seen: Verification): string {
  if (seen.partitions.length === 0) return 'The ledger is empty: nothing has been received yet.';
  const { open } = totals(seen.partitions);
  return [
    ...tableOf(seen.partitions),
    '',
    verdict(seen, open),
    ...faults(seen),
    ...notes(seen),
    ...(seen.balanced
      ? []
      : ['"spanloom rebuild" compares with the log, names the traces, and can repair them.']),
  ].join('\n');
}
