import type { ClickHouse } from '@spanloom/clickhouse';
import type { Replayed } from './replay';
import { FRAGMENTS, LEDGER, type RebuiltTable, type ShadowNames } from './tables';

/** What names a live row besides its number, and cannot have been changed in place: columns of the table's keys. */
const KEYS: readonly (readonly [RebuiltTable, string])[] = [
  [FRAGMENTS, 'Seq, ClosedAt, TraceId'],
  [LEDGER, 'Seq, At'],
];

/**
 * Whether a replay gives the live system's numbers to the live system's entries. With other window settings than
 * the assembler's it does not: then its rows must not take the place of live ones. The number at the assembler's
 * commit must not be another, and most live rows must have come out under their numbers; where there are no
 * live rows, the commit alone has to say so.
 */
export async function isConfirmed(
  clickhouse: ClickHouse,
  names: ShadowNames,
  { partition, after_seq, agrees_with_commit }: Replayed & { readonly partition: number },
  last_seq: number,
): Promise<boolean> {
  if (agrees_with_commit === false) return false;
  let rows = 0;
  let agreeing = 0;
  for (const [table, keys] of KEYS) {
    const of = `FROM ${names.shadow(table)} WHERE Partition = {partition:UInt16}`;
    const [row] = await clickhouse.query<{ rows: number; agreeing: number }>(
      `SELECT count() AS rows, countIf((${keys}) IN (SELECT ${keys} ${of})) AS agreeing
       FROM ${table.name} FINAL
       WHERE Partition = {partition:UInt16} AND Seq > {after_seq:UInt64} AND Seq <= {last_seq:UInt64}`,
      { partition, after_seq, last_seq },
    );
    rows += row?.rows ?? 0;
    agreeing += row?.agreeing ?? 0;
  }
  return rows === 0 ? agrees_with_commit === true : agreeing * 2 > rows;
}
