import type { ClickHouse } from '@spanloom/clickhouse';

/** A fragment that has become queryable. */
export interface StoredFragment {
  readonly traceId: string;
  readonly spans: number;
  readonly duplicates: number;
}

/** Gives fragments as they become queryable, each once. */
export interface FragmentFeed {
  /** Those that came since the last call. */
  next(): Promise<readonly StoredFragment[]>;
}

const ROWS_MAX = 20_000;
const PARTITIONS_MAX = 1024;

const SQL = `
  SELECT TraceId, Partition, Seq, SpanCount, DuplicateCount
  FROM trace_fragments
  WHERE ClosedAt >= toDateTime({since:UInt32})
    AND Seq > {least:UInt64}
    AND Seq > {last:Array(UInt64)}[Partition + 1]
  ORDER BY Partition, Seq
  LIMIT {rows:UInt32}`;

interface Row {
  readonly TraceId: string;
  readonly Partition: number;
  readonly Seq: number;
  readonly SpanCount: number;
  readonly DuplicateCount: number;
}

/**
 * Reads the fragments that closed at or after `sinceS` (Unix seconds). Fragments of a partition become
 * visible in order of their numbers, so it is enough to remember the last one of each.
 */
export function createFragmentFeed(
  clickhouse: ClickHouse,
  options: { readonly sinceS: number; readonly partitions: number },
): FragmentFeed {
  const last = new Array<number>(Math.min(options.partitions, PARTITIONS_MAX)).fill(0);
  return {
    async next() {
      const rows = await clickhouse.query<Row>(SQL, {
        since: options.sinceS,
        least: Math.min(...last),
        last,
        rows: ROWS_MAX,
      });
      const fresh: StoredFragment[] = [];
      for (const row of rows) {
        const seq = Number(row.Seq);
        if (seq <= (last[row.Partition] ?? 0)) continue;
        last[row.Partition] = seq;
        const { TraceId: traceId, SpanCount: spans, DuplicateCount: duplicates } = row;
        fresh.push({ traceId, spans, duplicates });
      }
      return fresh;
    },
  };
}
