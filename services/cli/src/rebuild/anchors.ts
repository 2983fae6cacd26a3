import type { ClickHouse } from '@spanloom/clickhouse';
import type { Checkpoint, PartitionLog } from '@spanloom/window';

/**
 * A place in the log where the sequence number is known: the log's very beginning, or a live ledger row. The
 * row's entry comes out of the log when the record at `offset` is applied, and has the number `seq`.
 */
export type Anchor =
  | { readonly kind: 'beginning'; readonly offset: 0 }
  | {
      readonly kind: 'ledger';
      readonly offset: number;
      readonly seq: number;
      /** The log clock in the row, s. */
      readonly at_s: number;
    };

/** One that turns out not to fit is passed over for the one before it. */
const ANCHORS_MAX = 3;
/** How far to look back for the record before a place; only the marks of transactions lie between records. */
const LOOK_BACK_OFFSETS = 1_000;

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
  let clockS: number | null = null;
  const since = Math.max(low, anchor.offset - LOOK_BACK_OFFSETS);
  const near = Math.max(low, anchor.offset - 1);
  const take = (records: readonly { readonly timestampMs: number }[]): void => {
    for (const { timestampMs } of records) {
      clockS = Math.max(clockS ?? 0, Math.floor(timestampMs / 1000));
    }
  };
  await log.read(near, anchor.offset, take);
  if (clockS === null && since < near) await log.read(since, near, take);
  return clockS === null ? null : { applied: anchor.offset, seq: 0, clockS };
}
