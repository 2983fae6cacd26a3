import { alignColumns } from '../terminal/columns';
import { grouped } from '../terminal/progress';
import type { Comparison } from './compare';
import type { RebuildResult } from './run';

/** The result as one JSON object. */
export function rebuildJson({ partitions, comparison, afterSwap }: RebuildResult): string {
  const { identical, tables, differing_traces, traces } = comparison;
  return JSON.stringify({
    identical,
    swapped: afterSwap !== null,
    identical_after_swap: afterSwap?.identical ?? null,
    tables,
    differing_traces,
    traces,
    partitions,
  });
}

function comparisonLines({ tables, differing_traces, traces }: Comparison): readonly string[] {
  const hex = (checksum: string): string => BigInt(checksum).toString(16).padStart(16, '0');
  const rest = differing_traces - traces.length;
  return [
    ...alignColumns([
      ['table', 'live rows', 'rebuilt rows', 'live checksum', 'rebuilt checksum', 'differing'],
      ...tables.map((table) => [
        table.table,
        grouped(table.live_rows),
        grouped(table.rebuilt_rows),
        hex(table.live_checksum),
        hex(table.rebuilt_checksum),
        grouped(table.differing),
      ]),
    ]),
    ...traces.map(
      ({ trace_id, partition, tables: where, live_rows, rebuilt_rows }) =>
        `  trace ${trace_id} in partition ${partition}: differs in ${where.join(', ')}` +
        (live_rows === rebuilt_rows ? '' : `; ${live_rows} span rows, should be ${rebuilt_rows}`),
    ),
    ...(rest > 0 ? [`  and ${grouped(rest)} more traces`] : []),
  ];
}

/** The result for people. */
export function rebuildText({ partitions, comparison, afterSwap }: RebuildResult): string {
  const waiting = partitions.reduce((sum, one) => sum + one.not_stored_yet, 0);
  const unsure = partitions.filter(({ confirmed }) => !confirmed);
  return [
    ...alignColumns([
      ['partition', 'from offset', 'to offset', 'entries', 'fragments', 'spans', 'still open'],
      ...partitions.map((one) => [
        String(one.partition),
        grouped(one.from_offset),
        grouped(one.to_offset),
        `${one.after_seq + 1}…${one.last_seq}`,
        grouped(one.fragments),
        grouped(one.spans),
        grouped(one.open),
      ]),
    ]),
    '',
    ...comparisonLines(comparison),
    '',
    ...(waiting > 0
      ? [`${grouped(waiting)} entries are not stored yet and were not compared.`]
      : []),
    ...unsure.map(
      ({ partition }) =>
        `partition ${partition}: nothing confirms the numbers; are the window settings the assembler's?`,
    ),
    verdict(comparison, afterSwap),
  ].join('\n');
}

function verdict(found: Comparison, afterSwap: Comparison | null): string {
  if (found.identical) return 'The live tables are what the log says.';
  const count = `${grouped(found.differing_traces)} traces differ from the log`;
  if (afterSwap === null) return `${count}. "--swap" puts the rebuilt rows in their place.`;
  return afterSwap.identical
    ? `${count}; the rebuilt rows were put in their place, and the live tables are what the log says now.`
    : `${count}, and some still do after the swap: see above, then run it again.`;
}
