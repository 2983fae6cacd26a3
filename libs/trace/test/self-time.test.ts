import type { Span } from '@spanloom/model';
import fc from 'fast-check';
import { fill, SelfTime, TraceAnalyzer } from '../src';
import { CLIENT, SERVER, span, traces } from './spans';

function selfTimes(given: readonly Span[]): readonly number[] {
  const analyzer = new TraceAnalyzer();
  fill(analyzer, given);
  analyzer.run();
  const self = new SelfTime();
  self.build(analyzer.spans, analyzer.tree, analyzer.skew.offset);
  return given.map((_, i) => self.nano[i] as number);
}

/** The definition once more: every stretch between two times goes to the last to begin of those open in it. */
function naive(given: readonly Span[]): readonly number[] {
  const analyzer = new TraceAnalyzer();
  fill(analyzer, given);
  analyzer.run();
  const { spans, tree, skew } = analyzer;
  const placed: { i: number; start: number; end: number }[] = [];
  for (const i of tree.order.subarray(0, spans.count)) {
    const own = (spans.start[i] as number) + (skew.offset[i] as number);
    const parent = placed.find((other) => other.i === tree.parent[i]);
    const start = Math.max(own, parent?.start ?? own);
    placed.push({ i, start, end: Math.max(start, own + (spans.duration[i] as number)) });
  }
  const times = [...new Set(placed.flatMap(({ start, end }) => [start, end]))].sort(
    (a, b) => a - b,
  );
  const nano = given.map(() => 0);
  times.slice(1).forEach((until, at) => {
    const from = times[at] as number;
    const open = placed.filter(({ start, end }) => start <= from && end >= until);
    const latest = Math.max(...open.map(({ start }) => start));
    const last = open.filter(({ start }) => start === latest).at(-1);
    if (last !== undefined) nano[last.i] = (nano[last.i] as number) + until - from;
  });
  return nano;
}

test('of nested calls each keeps what its children leave', () => {
  const given = [
    span({ id: 1, start: 0, duration: 100, kind: SERVER, service: 'a' }),
    span({ id: 2, parent: 1, start: 10, duration: 60, kind: CLIENT, service: 'a' }),
    span({ id: 3, parent: 2, start: 30, duration: 30, kind: SERVER, service: 'b' }),
    span({ id: 4, parent: 1, start: 80, duration: 5, service: 'a' }),
  ];
  expect(selfTimes(given)).toEqual([35, 30, 30, 5]);
});

test('of calls side by side the later one takes the time', () => {
  const given = [
    span({ id: 1, start: 0, duration: 100 }),
    span({ id: 2, parent: 1, start: 10, duration: 50 }),
    span({ id: 3, parent: 1, start: 20, duration: 60 }),
  ];
  expect(selfTimes(given)).toEqual([30, 10, 60]);
});

test('a span that lies over its calling sibling does not take the time of the callee', () => {
  const given = [
    span({ id: 1, start: 0, duration: 100, kind: SERVER, service: 'gateway' }),
    span({ id: 2, parent: 1, start: 1, duration: 98, service: 'gateway', name: 'filter' }),
    span({ id: 3, parent: 1, start: 2, duration: 96, kind: CLIENT, service: 'gateway' }),
    span({ id: 4, parent: 3, start: 5, duration: 90, kind: SERVER, service: 'auth' }),
  ];
  expect(selfTimes(given)).toEqual([2, 2, 6, 90]);
});

test('random traces: as defined, and together all the time that any span was open', () => {
  fc.assert(
    fc.property(traces, (given) => {
      expect(selfTimes(given)).toEqual(naive(given));
    }),
    { numRuns: 500 },
  );
});
