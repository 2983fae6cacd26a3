import { AvroWriter, writeSpan } from '@spanloom/avro';
import {
  type ClickHouse,
  STORED_SPAN_COLUMNS,
  type StoredSpanRow,
  spanOfRow,
} from '@spanloom/clickhouse';
import {
  AMENDMENT_COLUMNS,
  type AmendmentFields,
  AmendmentRows,
  encoded,
} from '@spanloom/rowbinary';

/** A trace that a note says is, or may become, more than one fragment. */
export interface NotedTrace {
  readonly traceId: string;
  readonly partition: number;
  /** Log clock at the first and the last note, s since 1970. */
  readonly firstNoteS: number;
  readonly lastNoteS: number;
  /** The last fragment that an amendment covers; 0 without one. */
  readonly amendedSeq: number;
}

/** What is stored of a trace's fragments. */
export interface StoredTrace {
  readonly traceId: string;
  readonly partition: number;
  readonly fragments: number;
  readonly lastSeq: number;
  readonly spans: number;
  readonly closedAtS: number;
  /** Whether its last fragment was cut off, so that the next one will not say that it is late. */
  readonly goesOn: boolean;
  /** Earliest and latest start of its spans, ns since 1970. */
  readonly start: string;
  readonly end: string;
}

/** Notes at most in one answer. */
export const NOTES_MAX = 500;

/** Traces whose notes no final amendment covers, the oldest first. */
export function notedTraces(
  clickhouse: ClickHouse,
  partitions: readonly number[],
  sinceS: number,
  without: readonly string[],
): Promise<readonly NotedTrace[]> {
  return clickhouse.query<NotedTrace>(
    `SELECT note.TraceId AS traceId, note.Partition AS partition, toUnixTimestamp(min(note.ClosedAt)) AS firstNoteS,
       toUnixTimestamp(max(note.ClosedAt)) AS lastNoteS, any(done.LastSeq) AS amendedSeq
     FROM trace_reopened AS note
     LEFT JOIN (SELECT TraceId, LastSeq, Final FROM trace_amendments FINAL WHERE Partition IN {p:Array(UInt16)}) AS done
       ON done.TraceId = note.TraceId
     WHERE note.Partition IN {p:Array(UInt16)} AND note.ClosedAt >= toDateTime({since:UInt32})
       AND note.TraceId NOT IN {without:Array(String)}
     GROUP BY note.Partition, note.TraceId
     HAVING NOT (any(done.Final) AND amendedSeq >= max(note.Seq))
     ORDER BY lastNoteS, traceId LIMIT {n:UInt32}`,
    { p: partitions, since: sinceS, without, n: NOTES_MAX },
  );
}

/** What there is of these traces. Blocks store spans before fragments: all spans of these can be seen. */
export function storedTraces(
  clickhouse: ClickHouse,
  noted: readonly NotedTrace[],
): Promise<readonly StoredTrace[]> {
  return clickhouse.query<StoredTrace>(
    `SELECT TraceId AS traceId, any(f.Partition) AS partition, count() AS fragments, max(Seq) AS lastSeq,
       sum(SpanCount) AS spans, toUnixTimestamp(max(f.ClosedAt)) AS closedAtS,
       argMax(f.Reason, Seq) IN ('expired', 'oversize') AS goesOn,
       toString(toUnixTimestamp64Nano(minIf(f.Start, SpanCount > 0))) AS start,
       toString(toUnixTimestamp64Nano(maxIf(f.End, SpanCount > 0))) AS end
     FROM trace_fragments AS f FINAL
     WHERE TraceId IN {ids:Array(String)}
     GROUP BY TraceId ORDER BY lastSeq`,
    { ids: noted.map(({ traceId }) => traceId) },
  );
}

/** The log clock of each partition, as far as its ledger is stored. */
export async function logClocks(
  clickhouse: ClickHouse,
  partitions: readonly number[],
  sinceS: number,
): Promise<ReadonlyMap<number, number>> {
  const rows = await clickhouse.query<{ partition: number; atS: number }>(
    `SELECT Partition AS partition, toUnixTimestamp(max(At)) AS atS FROM ledger
     WHERE Partition IN {p:Array(UInt16)} AND At >= toDateTime({since:UInt32}) GROUP BY partition`,
    { p: partitions, since: sinceS },
  );
  return new Map(rows.map(({ partition, atS }) => [partition, atS]));
}

type FragmentSpanRow = StoredSpanRow & { readonly Seq: number };

/** Reads the traces' spans, analyses each as a whole, and stores that; `isFinal` says of which no more will come unnoted. */
export async function amend(
  clickhouse: ClickHouse,
  traces: readonly StoredTrace[],
  isFinal: (trace: StoredTrace) => boolean,
): Promise<void> {
  const byTime = (a: bigint, b: bigint): number => Number(a - b);
  const starts = traces.map(({ start }) => BigInt(start)).sort(byTime);
  const ends = traces.map(({ end }) => BigInt(end)).sort(byTime);
  const rows = await clickhouse.query<FragmentSpanRow>(
    `SELECT ${STORED_SPAN_COLUMNS}, Seq FROM otel_traces
     WHERE TraceId IN {ids:Array(String)}
       AND Timestamp >= fromUnixTimestamp64Nano({from:Int64}) AND Timestamp <= fromUnixTimestamp64Nano({to:Int64})
     ORDER BY otel_traces.TraceId, otel_traces.Seq, otel_traces.SpanId, otel_traces.SpanKind
     LIMIT 1 BY otel_traces.TraceId, otel_traces.Seq, otel_traces.SpanId, otel_traces.SpanKind`,
    {
      ids: traces.map(({ traceId }) => traceId),
      from: String(starts[0]),
      to: String(ends.at(-1)),
    },
  );
  const out = new AmendmentRows();
  for (const trace of traces) {
    const spans = rows.filter((row) => row.TraceId === trace.traceId && row.Seq <= trace.lastSeq);
    const { whole, fragments } = encode(spans);
    const { goesOn: _, ...covered } = trace;
    const fields: AmendmentFields = { ...covered, final: isFinal(trace) };
    out.append(fields, whole, fragments);
  }
  await clickhouse.insertRows('trace_amendments', AMENDMENT_COLUMNS, encoded(out));
}

/** The spans of a trace, each once, and those of each fragment, as bytes. */
function encode(rows: readonly FragmentSpanRow[]): {
  readonly whole: Buffer;
  readonly fragments: readonly Buffer[];
} {
  const whole = new AvroWriter();
  const fragments = new Map<number, AvroWriter>();
  const seen = new Set<string>();
  for (const row of rows) {
    const span = spanOfRow(row);
    const identity = `${span.spanId}${span.kind}`;
    if (!seen.has(identity)) writeSpan(whole, span);
    seen.add(identity);
    let fragment = fragments.get(row.Seq);
    if (fragment === undefined) {
      fragment = new AvroWriter();
      fragments.set(row.Seq, fragment);
    }
    writeSpan(fragment, span);
  }
  return { whole: whole.take(), fragments: [...fragments.values()].map((one) => one.take()) };
}
