import { type StoredSpanRow, spanOfRow } from '@spanloom/clickhouse';
import type { Span } from '@spanloom/model';
import type { Clock } from '@spanloom/runtime';
import type { Database } from '../sql/database';
import { spansStatement } from '../sql/spans';
import type { LiveReader } from './live-reader';
import { type LiveTrace, spanKey } from './live-trace';
import { wordsOf } from './outcome';

/** First wait for spans that closed and are not stored yet, ms; each further one is twice as long. */
const SETTLE_FIRST_MS = 100;

/** One trace: what is stored, and what is open of it. */
export interface TraceRead {
  readonly traceId: string;
  /** Each span once, by start. */
  readonly spans: readonly Span[];
  /** Whether some of the spans are in an open window and not stored yet. */
  readonly open: boolean;
  /** What the spans lack, for people. */
  readonly warnings: readonly string[];
}

/** Some traces. */
export interface TracesRead {
  /** Those that have spans, in the order asked for. */
  readonly traces: readonly TraceRead[];
  /** There are more spans than one answer may hold. */
  readonly truncated: boolean;
  /** Warnings that concern traces of which nothing was found: what may be missing. */
  readonly warnings: readonly string[];
}

/** Reads traces by id, stored and open. */
export interface TraceReader {
  /** @param ids 32 lower-case hex characters each */
  read(ids: readonly string[]): Promise<TracesRead>;
  /** Only what is stored. */
  stored(ids: readonly string[]): Promise<TracesRead>;
}

/**
 * Reads Redis first and ClickHouse after it: a span that left the open windows before Redis was asked is in
 * ClickHouse or on its way there, and one that leaves later is found in both and counted once. For those on
 * their way, whose ids Redis remembers, ClickHouse is asked again for at most `live_settle_ms`.
 */
export function createTraceReader(
  config: { readonly answer_spans_max: number; readonly live_settle_ms: number },
  deps: { readonly database: Database; readonly live: LiveReader; readonly clock: Clock },
): TraceReader {
  const { database, live, clock } = deps;
  const spans_max = config.answer_spans_max;

  async function storedSpans(ids: readonly string[]): Promise<Stored> {
    const rows = await database.rows<StoredSpanRow>(spansStatement(ids, spans_max + 1));
    const byTrace = new Map<string, Span[]>(ids.map((id) => [id, []]));
    for (const row of rows) byTrace.get(row.TraceId)?.push(spanOfRow(row));
    return { byTrace, truncated: rows.length > spans_max };
  }

  /** Stored spans, awaited within the bound where closed ones are missing. */
  async function settled(
    ids: readonly string[],
    live: ReadonlyMap<string, LiveTrace>,
  ): Promise<Stored> {
    const end_ms = clock.monotonicMs() + config.live_settle_ms;
    for (let wait_ms = SETTLE_FIRST_MS; ; wait_ms *= 2) {
      const stored = await storedSpans(ids);
      const left_ms = end_ms - clock.monotonicMs();
      const complete = [...stored.byTrace].every(([id, own]) => onTheWay(own, live.get(id)) === 0);
      if (complete || left_ms <= 0 || stored.truncated) return stored;
      await clock.sleep(Math.min(wait_ms, left_ms));
    }
  }

  return {
    async read(ids) {
      if (ids.length === 0) return NOTHING;
      const found = await live.traces(ids);
      const stored = await settled(ids, found.traces);
      const general =
        found.missing === null
          ? []
          : [`open windows are not in this answer: ${wordsOf(found.missing)}`];
      return bounded(stored, found.traces, spans_max, general);
    },
    async stored(ids) {
      if (ids.length === 0) return NOTHING;
      return bounded(await storedSpans(ids), new Map(), spans_max, []);
    },
  };
}

const NOTHING: TracesRead = { traces: [], truncated: false, warnings: [] };

/** Stored spans by trace, in the order in which the traces were asked for. */
interface Stored {
  readonly byTrace: ReadonlyMap<string, readonly Span[]>;
  readonly truncated: boolean;
}

/** Spans of a trace that closed lately and are neither stored nor open again. */
function onTheWay(stored: readonly Span[], live: LiveTrace | undefined): number {
  if (live === undefined || live.closedLately.size === 0) return 0;
  const left = new Set(live.closedLately);
  for (const span of stored) left.delete(spanKey(span));
  for (const span of live.open) left.delete(spanKey(span));
  return left.size;
}

/** The stored spans of a trace and those of its open window, each once. */
function merge(traceId: string, stored: readonly Span[], live: LiveTrace | undefined): TraceRead {
  const spans = new Map(stored.map((span) => [spanKey(span), span]));
  for (const span of live?.open ?? []) {
    const key = spanKey(span);
    if (!spans.has(key)) spans.set(key, span);
  }
  const unstored = spans.size - stored.length;
  const coming = onTheWay(stored, live);
  const warnings: string[] = [];
  if (unstored > 0) {
    const of = `${unstored} of ${spans.size}`;
    warnings.push(`the trace is still open: ${of} spans are not stored yet, and more may come`);
  }
  if (coming > 0) {
    warnings.push(`${coming} spans of the trace have closed and are not stored yet: ask again`);
  }
  return { traceId, spans: [...spans.values()].sort(byStart), open: unstored > 0, warnings };
}

function byStart(a: Span, b: Span): number {
  if (a.startUnixNano !== b.startUnixNano) return a.startUnixNano < b.startUnixNano ? -1 : 1;
  return spanKey(a) < spanKey(b) ? -1 : 1;
}

/** The traces that have spans, as far as one answer goes, each with the warnings that concern all. */
function bounded(
  stored: Stored,
  live: ReadonlyMap<string, LiveTrace>,
  spans_max: number,
  general: readonly string[],
): TracesRead {
  let left = spans_max;
  let { truncated } = stored;
  const traces: TraceRead[] = [];
  const warnings = [...general];
  for (const [id, own] of stored.byTrace) {
    const trace = merge(id, own, live.get(id));
    if (trace.spans.length === 0) warnings.push(...trace.warnings);
    truncated ||= trace.spans.length > left;
    const spans = trace.spans.slice(0, left);
    left -= spans.length;
    if (spans.length === 0) continue;
    traces.push({ ...trace, spans, warnings: [...trace.warnings, ...general] });
  }
  return { traces, truncated, warnings };
}
