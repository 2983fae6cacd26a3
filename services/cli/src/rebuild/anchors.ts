import type { ClickHouse } from '@spanloom/clickhouse';
import {
  type Checkpoint,
  checkpointBefore,
  type LedgerAnchor,
  type PartitionLog,
} from '@spanloom/window';

/** A place in the log where the sequence number is known: the log's very beginning, or a live ledger row. */
export type Anchor =
  | { readonly kind: 'beginning'; readonly offset: 0 }
  | ({ readonly kind: 'ledger' } & LedgerAnchor);

/** One that turns out not to fit is passed over for the one before it. */
const ANCHORS_MAX = 3;

const ANCHORS_SQL = `
SELECT ToOffset AS offset, Seq AS seq, toUnixTimestamp(At) AS at_s
FROM ledger FINAL
WHERE Partition = {partition:UInt16} AND ToOffset <= {from:UInt64} AND ToOffset > {low:UInt64}
ORDER BY Seq DESC
LIMIT {limit:UInt32}`;

/** Places at or before `from` to begin numbering at, the nearest first. `low` is the log's first offset. */
export async function findAnchors(
  clickhouse: ClickHouse,
  partition: number,
  { from, low }: { readonly from: number; readonly low: number },
): Promise<readonly Anchor[]> {
  const params = { partition, from, low, limit: ANCHORS_MAX };
  const rows = await clickhouse.query<{ offset: number; seq: number; at_s: number }>(
    ANCHORS_SQL,
    params,
  );
  const anchors: Anchor[] = rows.map((row) => ({ kind: 'ledger', ...row }));
  return low === 0 ? [...anchors, { kind: 'beginning', offset: 0 }] : anchors;
}

/** The first ledger row that lies at or after an offset; null when there is none. For people who need a cure. */
export async function nextAnchorOffset(
  clickhouse: ClickHouse,
  partition: number,
  from: number,
): Promise<number | null> {
  const [row] = await clickhouse.query<{ offset: number; found: number }>(
    'SELECT min(ToOffset) AS offset, count() AS found FROM ledger' +
      ' WHERE Partition = {partition:UInt16} AND ToOffset >= {from:UInt64}',
    { partition, from },
  );
  return row === undefined || row.found === 0 ? null : row.offset;
}

/**
 * The checkpoint to rebuild the windows at, right before the anchor's record; numbers count from 0 there. Null
 * when the log no longer has the record before it.
 */
export async function checkpointAt(
  anchor: Anchor,
  log: PartitionLog,
  low: number,
): Promise<Checkpoint | null> {
  if (anchor.kind === 'beginning') return { applied: 0, seq: 0, clockS: 0 };
  return checkpointBefore(anchor.offset, log, low);
}
