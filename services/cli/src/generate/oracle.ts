import type { Span } from '@spanloom/model';
import { hashSpan } from '../content-hash';
import { SpanTable } from '../span-table';
import { TraceNumbers } from '../trace-numbers';

/** What a stored span turned out to be. */
export type Verdict = 'found' | 'again' | 'changed' | 'missing';

/** Knows what was sent, and judges what came out. About 50 bytes a span. */
export interface Oracle {
  readonly traces: TraceNumbers;
  /** Distinct spans sent. */
  readonly spans: number;
  /** Spans sent again, the same (trace, span id, kind). */
  readonly duplicates: number;
  /** Notes a span that was sent. */
  sent(span: Span): void;
  /** Judges a stored span; `missing` for one that was never sent. */
  stored(span: Span): Verdict;
}

/** Makes an oracle that has seen nothing. */
export function createOracle(): Oracle {
  const traces = new TraceNumbers();
  const table = new SpanTable();
  let duplicates = 0;
  return {
    traces,
    get spans() {
      return table.size;
    },
    get duplicates() {
      return duplicates;
    },
    sent(span) {
      const trace = traces.numberOf(span.traceId);
      const hash = hashSpan(span);
      if (table.add(keyOf(trace, span), hash.hi, hash.lo)) traces.countSpan(trace);
      else duplicates += 1;
    },
    stored(span) {
      const trace = traces.find(span.traceId);
      if (trace === -1) return 'missing';
      const hash = hashSpan(span);
      return table.mark(keyOf(trace, span), hash.hi, hash.lo);
    },
  };
}

function keyOf(trace: number, span: Span) {
  const hi = Number.parseInt(span.spanId.slice(0, 8), 16);
  const lo = Number.parseInt(span.spanId.slice(8), 16);
  return { trace, hi, lo, kind: span.kind };
}
