import type { Clock } from '@spanloom/runtime';
import type { SentSpans } from './sent-spans';

/** Runs a query with server-side parameters and gives its rows. */
export type RunQuery = <T>(sql: string, params: Record<string, unknown>) => Promise<T[]>;

/** What waiting needs. */
export interface StoredOptions {
  readonly query: RunQuery;
  readonly clock: Clock;
  readonly sent: SentSpans;
  /** Unix s; fragments that closed before are not of this import. */
  readonly since_unix_s: number;
  readonly onProgress: (spans_stored: number) => void;
}

/** What is in ClickHouse of the traces of an import. */
export interface StoredSpans {
  readonly spans_stored: number;
  readonly traces_stored: number;
  readonly duration_ns_sum: bigint;
  /** Distinct spans that were sent and are not there. */
  readonly lost: number;
}

const TRACES_PER_QUERY = 1000;
const POLL_MS = 1000;
const STORED_STALL_MS = 120_000;
const COUNTED_STALL_MS = 30_000;

// Grouped instead of FINAL: the same result, and the index on TraceId is used.
const STORED_SQL = `
SELECT TraceId AS trace_id, toUInt32(count()) AS spans, toString(sum(duration)) AS duration_ns
FROM (
  SELECT TraceId, any(Duration) AS duration
  FROM otel_traces WHERE TraceId IN {ids:Array(String)}
  GROUP BY TraceId, SpanId, SpanKind
)
GROUP BY TraceId`;

const COUNTED_SQL = `
SELECT toString(sum(SpanCount)) AS spans, toString(sum(DuplicateCount)) AS duplicates
FROM trace_fragments FINAL
WHERE TraceId IN {ids:Array(String)} AND ClosedAt >= toDateTime({since:UInt32})`;

interface StoredRow {
  readonly trace_id: string;
  readonly spans: number;
  readonly duration_ns: string;
}

/** Cuts a list into pieces of `length`. */
export function chunksOf<T>(all: readonly T[], length: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / length) }, (_, i) =>
    all.slice(i * length, (i + 1) * length),
  );
}

/**
 * Calls `look` about every second until it says that it is done, or what it sees has not changed for
 * `stall_ms`. The pauses grow with the time that looking takes, so that it never takes half of the engine.
 */
export async function pollUntil(
  look: () => Promise<{ readonly done: boolean; readonly seen: number }>,
  stall_ms: number,
  clock: Clock,
): Promise<void> {
  let seen = -1;
  let changed_ms = clock.monotonicMs();
  for (;;) {
    const began_ms = clock.monotonicMs();
    const now = await look();
    const ended_ms = clock.monotonicMs();
    if (now.done) return;
    if (now.seen !== seen) changed_ms = ended_ms;
    else if (ended_ms - changed_ms >= stall_ms) return;
    seen = now.seen;
    await clock.sleep(Math.max(POLL_MS, ended_ms - began_ms));
  }
}

/** Waits until every distinct span that was sent is stored, or nothing has come for two minutes. */
export async function waitStored(options: StoredOptions): Promise<StoredSpans> {
  const { sent, query, clock, onProgress } = options;
  const numbers = new Map(sent.traceIds.map((id, number) => [id, number]));
  const spans = new Uint32Array(sent.traceIds.length);
  const durations = new BigUint64Array(sent.traceIds.length);
  let pending: readonly string[] = sent.traceIds;

  const isMissing = (id: string): boolean => {
    const trace = numbers.get(id) as number;
    return (spans[trace] as number) < sent.spansOf(trace);
  };
  const look = async (): Promise<{ done: boolean; seen: number }> => {
    for (const ids of chunksOf(pending, TRACES_PER_QUERY)) {
      for (const row of await query<StoredRow>(STORED_SQL, { ids })) {
        const trace = numbers.get(row.trace_id);
        if (trace === undefined) continue;
        spans[trace] = Number(row.spans);
        durations[trace] = BigInt(row.duration_ns);
      }
    }
    pending = pending.filter(isMissing);
    const seen = spans.reduce((sum, n) => sum + n, 0);
    onProgress(seen);
    return { done: pending.length === 0, seen };
  };
  await pollUntil(look, STORED_STALL_MS, clock);
  return {
    spans_stored: spans.reduce((sum, n) => sum + n, 0),
    traces_stored: spans.reduce((sum, n) => sum + (n > 0 ? 1 : 0), 0),
    duration_ns_sum: durations.reduce((sum, n) => sum + n, 0n),
    lost: spans.reduce((sum, n, trace) => sum + Math.max(0, sent.spansOf(trace) - n), 0),
  };
}

/**
 * Waits until the fragments of this import account for every accepted span, as stored or as dropped
 * for having come before, or have not changed for 30 s.
 * @returns how many were dropped
 */
export async function waitDuplicates(options: StoredOptions): Promise<number> {
  const { sent, query, clock, since_unix_s } = options;
  let duplicates = 0;
  const look = async (): Promise<{ done: boolean; seen: number }> => {
    let received = 0;
    let dropped = 0;
    for (const ids of chunksOf(sent.traceIds, TRACES_PER_QUERY)) {
      const params = { ids, since: since_unix_s };
      const [row] = await query<{ spans: string; duplicates: string }>(COUNTED_SQL, params);
      received += Number(row?.spans ?? 0);
      dropped += Number(row?.duplicates ?? 0);
    }
    duplicates = dropped;
    return { done: received + dropped >= sent.accepted, seen: received + dropped };
  };
  await pollUntil(look, COUNTED_STALL_MS, clock);
  return duplicates;
}
