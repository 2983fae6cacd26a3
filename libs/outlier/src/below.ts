import type { Span } from '@spanloom/model';
import { analyzeTrace, KIND_CLIENT, KIND_PRODUCER } from '@spanloom/trace';
import { type Bounds, deviationsFor, meanDifferenceBounds, momentsOf } from './confidence';

/** A span that is looked into, with the spans of its trace. */
export interface TopSpan {
  readonly spanId: string;
  readonly kind: number;
  readonly isSlow: boolean;
  /** All spans of its trace. */
  readonly trace: readonly Span[];
}

/** An operation of a service that takes more of the slow spans' time. */
export interface OperationDifference {
  readonly service: string;
  readonly operation: string;
  /**
   * Whom it calls, as far as known: its own time is then what the callee's span does not cover, such as the
   * network. Null for operations that do not call anybody.
   */
  readonly callee: string | null;
  /** Share of the group's spans that have it below them, or are it. */
  readonly share_slow: number;
  readonly share_rest: number;
  /** Mean time on the critical path in the operation itself, ns, over all spans of the group. */
  readonly mean_slow_nano: number;
  readonly mean_rest_nano: number;
  /** The difference of the means, ns, and bounds that hold for all operations together with 95 %. */
  readonly difference_nano: number;
  readonly bounds_nano: Bounds;
  /** The operation's part of what the slow take more, all operations together. */
  readonly part: number;
  /** The instance in which most of this time of the slow spans is spent, of calls that of the callee, and its share; null where none is named. */
  readonly instance: { readonly name: string; readonly share: number } | null;
}

/** Resource attributes that name where a span ran, the first that is there. */
const INSTANCE_KEYS = ['k8s.pod.name', 'service.instance.id', 'host.name'] as const;

interface Tally {
  readonly service: string;
  readonly operation: string;
  readonly callee: string | null;
  readonly slow: number[];
  readonly rest: number[];
  present_slow: number;
  present_rest: number;
  /** Time in slow spans by instance. */
  readonly instances: Map<string, number>;
}

/**
 * Where the time of the slow spans goes that the others do not take: for each operation at or below them, the
 * time on the critical path in itself (libs/trace; these times add up to the duration of the span looked into),
 * as means over each group, ranked by the difference that is sure ({@link meanDifferenceBounds}).
 * Negative differences are left out: what the slow spend less time in does not make them slow.
 */
export function rankBelow(tops: readonly TopSpan[]): readonly OperationDifference[] {
  const tallies = new Map<string, Tally>();
  for (const top of tops) addTop(tallies, top);
  const slow = tops.filter(({ isSlow }) => isSlow).length;
  const rest = tops.length - slow;
  const deviations = deviationsFor(tallies.size);
  const all = [...tallies.values()].map((tally) => differenceOf(tally, slow, rest, deviations));
  const total = all.reduce((sum, { difference_nano }) => sum + difference_nano, 0);
  return all
    .filter(({ bounds_nano }) => bounds_nano.low > 0)
    .sort((a, b) => b.bounds_nano.low - a.bounds_nano.low || (nameOf(a) < nameOf(b) ? -1 : 1))
    .map((one) => ({ ...one, part: total > 0 ? one.difference_nano / total : 0 }));
}

function nameOf({ service, operation, callee }: OperationDifference): string {
  return JSON.stringify([service, operation, callee]);
}

function addTop(tallies: Map<string, Tally>, top: TopSpan): void {
  const spans = below(top);
  const analysis = analyzeTrace(spans);
  const callOf = new Map(
    analysis.calls.flatMap((call) => (call.caller === null ? [] : [[call.caller, call] as const])),
  );
  const times = new Map<Tally, number>();
  analysis.spans.forEach(({ exclusiveNano }, i) => {
    const span = spans[i] as Span;
    const call = callOf.get(i);
    const isExit = span.kind === KIND_CLIENT || span.kind === KIND_PRODUCER;
    const tally = tallyOf(tallies, span, isExit ? (call?.server ?? null) || null : null);
    times.set(tally, (times.get(tally) ?? 0) + exclusiveNano);
    if (!top.isSlow || exclusiveNano === 0) return;
    const callee = isExit && call?.callee != null ? spans[call.callee] : undefined;
    const instance = instanceOf(callee ?? span);
    if (instance === undefined) return;
    tally.instances.set(instance, (tally.instances.get(instance) ?? 0) + exclusiveNano);
  });
  for (const [tally, nano] of times) {
    tally[top.isSlow ? 'slow' : 'rest'].push(nano);
    tally[top.isSlow ? 'present_slow' : 'present_rest']++;
  }
}

function instanceOf({ resourceAttributes }: Span): string | undefined {
  return INSTANCE_KEYS.map((key) => resourceAttributes[key]).find((name) => name);
}

function tallyOf(tallies: Map<string, Tally>, span: Span, callee: string | null): Tally {
  const { service, name: operation } = span;
  const key = JSON.stringify([service, operation, callee]);
  let tally = tallies.get(key);
  if (tally === undefined) {
    const counts = { slow: [], rest: [], present_slow: 0, present_rest: 0 };
    tally = { service, operation, callee, ...counts, instances: new Map() };
    tallies.set(key, tally);
  }
  return tally;
}

function differenceOf(
  tally: Tally,
  slow: number,
  rest: number,
  deviations: number,
): OperationDifference {
  const { service, operation, callee, instances } = tally;
  const a = momentsOf(tally.slow, slow - tally.slow.length);
  const b = momentsOf(tally.rest, rest - tally.rest.length);
  const named = [...instances].sort((x, y) => y[1] - x[1] || (x[0] < y[0] ? -1 : 1))[0];
  const spent = tally.slow.reduce((sum, nano) => sum + nano, 0);
  return {
    service,
    operation,
    callee,
    share_slow: slow === 0 ? 0 : tally.present_slow / slow,
    share_rest: rest === 0 ? 0 : tally.present_rest / rest,
    mean_slow_nano: a.mean,
    mean_rest_nano: b.mean,
    difference_nano: a.mean - b.mean,
    bounds_nano: meanDifferenceBounds(a, b, deviations),
    part: 0,
    instance: named === undefined ? null : { name: named[0], share: named[1] / spent },
  };
}

/** The span itself, as a root, and all spans below it. */
function below({ spanId, kind, trace }: TopSpan): readonly Span[] {
  const top = trace.find((span) => span.spanId === spanId && span.kind === kind);
  if (top === undefined) return [];
  const children = new Map<string, Span[]>();
  for (const span of trace) {
    if (span === top) continue;
    const siblings = children.get(span.parentSpanId);
    if (siblings === undefined) children.set(span.parentSpanId, [span]);
    else siblings.push(span);
  }
  const found: Span[] = [{ ...top, parentSpanId: '' }];
  const seen = new Set<Span>([top]);
  for (let at = 0; at < found.length; at++) {
    for (const child of children.get((found[at] as Span).spanId) ?? []) {
      if (seen.has(child)) continue;
      seen.add(child);
      found.push(child);
    }
  }
  return found;
}
