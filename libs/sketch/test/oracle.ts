import type { Span } from '@spanloom/model';
import { bucketIndex, type LatencyRules, templateOperation } from '../src';
import type { LogEntry } from './log';

/** What the panes of one flush must hold, the slow and obvious way. */
export interface ExpectedPane {
  startS: number;
  service: string;
  operation: string;
  kind: number;
  statusCode: number;
  count: number;
  errors: number;
  sum: number;
  min: number;
  max: number;
  buckets: Record<number, number>;
  exemplarSpanId: string;
}

export interface ExpectedFlush {
  readonly nextOffset: number;
  readonly panes: readonly ExpectedPane[];
}

interface Gathered {
  readonly panes: Map<string, ExpectedPane>;
  readonly seen: Set<string>;
  readonly services: Map<string, Set<string>>;
  readonly series: Set<string>;
}

function empty(): Gathered {
  return { panes: new Map(), seen: new Set(), services: new Map(), series: new Set() };
}

/** The series of a span under the bounds: its own names, or `other`. */
function admit(state: Gathered, rules: LatencyRules, span: Span): string[] {
  const operation = templateOperation(span.name);
  const own = [span.service, operation, `${span.kind}`, `${span.statusCode}`];
  const other = ['other', `${span.kind}`, `${span.statusCode}`, 'overflow'];
  if (state.series.has(own.join())) return own;
  let operations = state.services.get(span.service);
  if (operations === undefined) {
    if (state.services.size >= rules.services_max) return ['other', ...other];
    operations = new Set();
    state.services.set(span.service, operations);
  }
  if (state.series.size >= rules.series_max) return [span.service, ...other];
  const full = operations.size >= rules.operations_per_service_max;
  if (full && !operations.has(operation)) return [span.service, ...other];
  operations.add(operation);
  state.series.add(own.join());
  return own;
}

function weightOf(span: Span): number {
  if (span.traceState.endsWith('th:c')) return 4;
  return span.traceState.endsWith('th:8') ? 2 : 1;
}

function gather(state: Gathered, rules: LatencyRules, span: Span): void {
  const identity = `${span.traceId}${span.spanId}${span.kind}`;
  if (state.seen.has(identity)) return;
  state.seen.add(identity);
  const [service, operation, ...rest] = admit(state, rules, span) as [string, string];
  const nanos = Number(span.durationNano);
  const endS = Number((span.startUnixNano + span.durationNano) / 1_000_000_000n);
  const startS = endS - (endS % 10);
  const key = [startS, service, operation, ...rest].join('|');
  const weight = weightOf(span);
  const errors = span.statusCode === 2 ? weight : 0;
  const { kind, statusCode, spanId: exemplarSpanId } = span;
  const pane = state.panes.get(key) ?? {
    ...{ startS, service, operation, kind, statusCode, count: 0, errors: 0, sum: 0 },
    ...{ min: nanos, max: -1, buckets: {}, exemplarSpanId },
  };
  pane.count += weight;
  pane.errors += errors;
  pane.sum += nanos * weight;
  pane.min = Math.min(pane.min, nanos);
  if (nanos > pane.max) pane.exemplarSpanId = exemplarSpanId;
  pane.max = Math.max(pane.max, nanos);
  pane.buckets[bucketIndex(nanos)] = (pane.buckets[bucketIndex(nanos)] ?? 0) + weight;
  state.panes.set(key, pane);
}

/** All flushes of a log. */
export function expectedFlushes(log: readonly LogEntry[], rules: LatencyRules): ExpectedFlush[] {
  const flushes: ExpectedFlush[] = [];
  let state = empty();
  let clock = 0;
  const flush = (nextOffset: number): void => {
    if (state.panes.size > 0) flushes.push({ nextOffset, panes: [...state.panes.values()] });
    state = empty();
  };
  log.forEach((entry, offset) => {
    const now = Math.floor(entry.timestampMs / 1000);
    if (Math.floor(now / rules.flush_s) > Math.floor(clock / rules.flush_s)) flush(offset);
    clock = Math.max(clock, now);
    for (const span of entry.spans) gather(state, rules, span);
    const buckets = [...state.panes.values()].flatMap((pane) => Object.keys(pane.buckets));
    const full =
      state.panes.size >= rules.panes_max ||
      buckets.length >= rules.buckets_max ||
      state.seen.size >= rules.spans_max;
    if (full) flush(offset + 1);
  });
  return flushes;
}
