import type { Span } from '@spanloom/model';
import { CLIENT, CONSUMER, ERROR, PRODUCER, SERVER } from './spans';

/** The same questions answered slowly, from the definitions and by recursion; indices as in the spans given. */

const startOf = (s: Span): number => Number(s.startUnixNano - 1_700_000_000_000_000_000n);
const durationOf = (s: Span): number => Number(s.durationNano);
const exits = ({ kind }: Span): boolean => kind === CLIENT || kind === PRODUCER;
const enters = ({ kind }: Span): boolean => kind === SERVER || kind === CONSUMER;

/** Ids in tests are below 16: the last digit tells them apart. */
const orderOf = ({ spanId, kind }: Span): number => Number(`0x${spanId}`) * 8 + kind;

/** Parents as the ids say, circles and all. -2: named but missing. */
function named(spans: readonly Span[]): readonly number[] {
  const isFirst = (s: Span, i: number): boolean =>
    spans.findIndex((o) => o.spanId === s.spanId && o.kind === s.kind) === i;
  const withId = (id: string): readonly number[] =>
    spans.flatMap((s, i) => (s.spanId === id && isFirst(s, i) ? [i] : []));
  return spans.map((s, i) => {
    const partner = s.kind === SERVER ? CLIENT : PRODUCER;
    const shared = withId(s.spanId).find((at) => spans[at]?.kind === partner);
    if (enters(s) && shared !== undefined) return shared;
    if (s.parentSpanId === '') return -1;
    const all = withId(s.parentSpanId).filter((at) => at !== i);
    const rank = (at: number): number => {
      const candidate = spans[at] as Span;
      const same = candidate.service === s.service ? 2 : 0;
      return enters(s) ? same + (exits(candidate) ? 4 : 0) : same + (enters(candidate) ? 1 : 0);
    };
    const byKind = all.sort((a, b) => (spans[a] as Span).kind - (spans[b] as Span).kind);
    return byKind.reduce((best, at) => (best < 0 || rank(at) > rank(best) ? at : best), -2);
  });
}

export function naiveParents(spans: readonly Span[]): readonly number[] {
  const parents = [...named(spans)];
  const circleOf = (i: number): readonly number[] => {
    const seen = [i];
    for (let at = parents[i] as number; at >= 0; at = parents[at] as number) {
      if (at === i) return seen;
      if (seen.includes(at)) return [];
      seen.push(at);
    }
    return [];
  };
  spans.forEach((_, i) => {
    const circle = circleOf(i);
    if (circle.length === 0) return;
    const earliest = [...circle].sort(
      (a, b) =>
        startOf(spans[a] as Span) - startOf(spans[b] as Span) ||
        orderOf(spans[a] as Span) - orderOf(spans[b] as Span),
    )[0] as number;
    parents[earliest] = -2;
  });
  return parents.map((p) => (p < 0 ? -1 : p));
}

export function naiveDepth(parents: readonly number[], i: number): number {
  const parent = parents[i] as number;
  return parent < 0 ? 1 : 1 + naiveDepth(parents, parent);
}

export function naiveRoot(spans: readonly Span[], parents: readonly number[]): number {
  const tops = parents.flatMap((p, i) => (p < 0 ? [i] : []));
  const namesParent = (i: number): number => (spans[i]?.parentSpanId === '' ? 0 : 1);
  const first = tops.sort(
    (a, b) =>
      namesParent(a) - namesParent(b) ||
      startOf(spans[a] as Span) - startOf(spans[b] as Span) ||
      a - b,
  )[0];
  return first ?? -1;
}

export function naiveOffset(spans: readonly Span[], parents: readonly number[], i: number): number {
  const p = parents[i] as number;
  if (p < 0) return 0;
  const parent = spans[p] as Span;
  const child = spans[i] as Span;
  const parentOffset = naiveOffset(spans, parents, p);
  const call = exits(parent) && enters(child);
  if (parent.service === child.service && !call) return parentOffset;
  const parentStart = startOf(parent) + parentOffset;
  const parentEnd = parentStart + durationOf(parent);
  const childEnd = startOf(child) + durationOf(child);
  const waits = parent.kind === CLIENT && child.kind === SERVER;
  if (waits && durationOf(child) <= durationOf(parent)) {
    if (startOf(child) >= parentStart && childEnd <= parentEnd) return 0;
    return Math.round((parentStart + parentEnd) / 2 - durationOf(child) / 2 - startOf(child));
  }
  return Math.max(0, parentStart - startOf(child));
}

export type NaiveSection = readonly [span: number, start: number, end: number];

/** Sections of the critical path, the latest first. */
export function naivePath(
  spans: readonly Span[],
  parents: readonly number[],
  offsets: readonly number[],
): readonly NaiveSection[] {
  const root = naiveRoot(spans, parents);
  if (root < 0) return [];
  const from = (i: number): number => startOf(spans[i] as Span) + (offsets[i] as number);
  const to = (i: number): number => from(i) + durationOf(spans[i] as Span);

  /** The path within [start, cursor) of a span that lasts from start to end. */
  function within(i: number, start: number, end: number, cursor: number): NaiveSection[] {
    const candidates = spans
      .map((_, child) => child)
      .filter((child) => parents[child] === i)
      .map((child) => ({
        child,
        start: Math.max(start, from(child)),
        end: Math.min(end, to(child)),
      }))
      .filter((c) => c.start < c.end && c.end <= cursor)
      .sort(
        (a, b) =>
          b.end - a.end ||
          to(b.child) - to(a.child) ||
          from(a.child) - from(b.child) ||
          a.child - b.child,
      );
    const last = candidates[0];
    if (last === undefined) return [[i, start, cursor]];
    return [
      [i, last.end, cursor],
      ...within(last.child, last.start, last.end, last.end),
      ...within(i, start, end, last.start),
    ];
  }
  return within(root, from(root), to(root), to(root)).filter(([, a, b]) => a < b);
}

export function naiveErrorOrigin(
  spans: readonly Span[],
  parents: readonly number[],
  offsets: readonly number[],
): number {
  const end = (i: number): number =>
    startOf(spans[i] as Span) + (offsets[i] as number) + durationOf(spans[i] as Span);
  const failing = spans.flatMap((s, i) => (s.statusCode === ERROR ? [i] : []));
  failing.sort(
    (a, b) => naiveDepth(parents, b) - naiveDepth(parents, a) || end(a) - end(b) || a - b,
  );
  return failing[0] ?? -1;
}

/** Pairs of caller and callee; -1 where there is none. */
export function naiveCalls(
  spans: readonly Span[],
  parents: readonly number[],
): readonly (readonly [number, number])[] {
  const pairs: [number, number][] = [];
  const isCall = (p: number, i: number): boolean => {
    const [parent, child] = [spans[p] as Span, spans[i] as Span];
    return parent.service !== child.service || (exits(parent) && enters(child));
  };
  spans.forEach((s, i) => {
    const p = parents[i] as number;
    if (p >= 0 && isCall(p, i)) pairs.push([p, i]);
    if (p < 0 && enters(s) && (s.parentSpanId !== '' || s.kind === CONSUMER)) pairs.push([-1, i]);
  });
  spans.forEach((s, i) => {
    const isAnswered = parents.some(
      (p, child) => p === i && (isCall(i, child) || exits(spans[child] as Span)),
    );
    if (exits(s) && !isAnswered) pairs.push([i, -1]);
  });
  return pairs;
}
