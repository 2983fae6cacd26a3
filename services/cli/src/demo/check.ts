import {
  type ClickHouse,
  STORED_SPAN_COLUMNS,
  type StoredSpanRow,
  spanOfRow,
} from '@spanloom/clickhouse';
import type { Clock } from '@spanloom/runtime';
import type { Oracle } from '../generate/oracle';

/** What a check of the stored spans against the sent ones found. */
export interface CheckResult {
  /** Traces of which at least one sent span is stored. */
  readonly tracesStored: number;
  /** Distinct sent spans that are stored, changed or not. */
  readonly spansStored: number;
  /** Sent, not stored. */
  readonly lost: number;
  /** Rows beyond the first of a span. */
  readonly duplicated: number;
  /** Stored with a field, attribute, event or link that differs; or never sent. */
  readonly corrupted: number;
}

const CHUNK_TRACES = 100;
const POLL_MS = 500;

const COUNT_SQL = 'SELECT count() AS Rows FROM otel_traces WHERE TraceId IN {ids:Array(String)}';
const SPANS_SQL = `SELECT ${STORED_SPAN_COLUMNS} FROM otel_traces WHERE TraceId IN {ids:Array(String)}`;

/**
 * Reads every stored span of the oracle's traces and compares it, whole, with what was sent. Rows are
 * counted as they are, without the engine's own removal of copies. Waits for rows while more come, at most
 * `patience_ms` without one.
 */
export async function checkStored(
  clickhouse: ClickHouse,
  oracle: Oracle,
  options: {
    readonly clock: Clock;
    readonly signal: AbortSignal;
    readonly patience_ms: number;
    readonly onProgress: (traces: number) => void;
  },
): Promise<CheckResult> {
  const counts = { traces: 0, found: 0, again: 0, changed: 0, missing: 0 };
  let done = 0;
  // Patience is for all chunks together: what is lost would be waited for in each of them.
  let patience_ms = options.patience_ms;
  for (const { ids, spans } of chunksOf(oracle)) {
    options.signal.throwIfAborted();
    if (!(await waitForRows(clickhouse, ids, spans, { ...options, patience_ms }))) patience_ms = 0;
    const rows = await clickhouse.query<StoredSpanRow>(SPANS_SQL, { ids });
    const seen = new Set<string>();
    for (const row of rows) {
      const verdict = oracle.stored(spanOfRow(row));
      counts[verdict] += 1;
      if (verdict !== 'missing') seen.add(row.TraceId);
    }
    counts.traces += seen.size;
    done += ids.length;
    options.onProgress(done);
  }
  const spansStored = counts.found + counts.changed;
  return {
    tracesStored: counts.traces,
    spansStored,
    lost: oracle.spans - spansStored,
    duplicated: counts.again,
    corrupted: counts.changed + counts.missing,
  };
}

function* chunksOf(oracle: Oracle): Generator<{ ids: string[]; spans: number }> {
  let ids: string[] = [];
  let spans = 0;
  let number = 0;
  for (const id of oracle.traces.ids()) {
    ids.push(id);
    spans += oracle.traces.spansOf(number++);
    if (ids.length < CHUNK_TRACES) continue;
    yield { ids, spans };
    ids = [];
    spans = 0;
  }
  if (ids.length > 0) yield { ids, spans };
}

async function waitForRows(
  clickhouse: ClickHouse,
  ids: readonly string[],
  expected: number,
  options: { readonly clock: Clock; readonly signal: AbortSignal; readonly patience_ms: number },
): Promise<boolean> {
  const { clock, signal } = options;
  let best = -1;
  let since_ms = clock.monotonicMs();
  for (;;) {
    const [row] = await clickhouse.query<{ Rows: number }>(COUNT_SQL, { ids });
    const rows = Number(row?.Rows ?? 0);
    if (rows >= expected) return true;
    if (rows > best) {
      best = rows;
      since_ms = clock.monotonicMs();
    }
    if (clock.monotonicMs() - since_ms >= options.patience_ms) return false;
    await clock.sleep(POLL_MS, signal);
  }
}
