import type { Span } from '@spanloom/model';
import fc from 'fast-check';
import { analyzeTrace, errorOrigin, fill, TraceAnalyzer } from '../src';
import {
  naiveCalls,
  naiveDepth,
  naiveErrorOrigin,
  naiveOffset,
  naiveParents,
  naivePath,
  naiveRoot,
} from './naive';
import { CLIENT, SERVER, span, traces } from './spans';

/** One for all tests: what an earlier trace left behind must not matter. */
const analyzer = new TraceAnalyzer();

function run(spans: readonly Span[]): TraceAnalyzer {
  fill(analyzer, spans);
  analyzer.run();
  return analyzer;
}

const first = (column: Int32Array | Float64Array, count: number): number[] => [
  ...column.subarray(0, count),
];

/** Compares over random traces; `naive` and `quick` give the same thing. */
function holds(
  quick: (found: TraceAnalyzer, spans: readonly Span[]) => unknown,
  naive: (
    spans: readonly Span[],
    parents: readonly number[],
    offsets: readonly number[],
  ) => unknown,
): void {
  fc.assert(
    fc.property(traces, (spans) => {
      const parents = naiveParents(spans);
      const offsets = spans.map((_, i) => naiveOffset(spans, parents, i));
      expect(quick(run(spans), spans)).toEqual(naive(spans, parents, offsets));
    }),
    { numRuns: 300 },
  );
}

describe('analysis of random traces, against the definitions', () => {
  it('finds parents and cuts circles', () => {
    holds(
      ({ tree }, { length }) => first(tree.parent, length),
      (_, parents) => parents,
    );
  });

  it('finds root, depth and what is missing', () => {
    holds(
      ({ tree }, { length }) => ({
        root: tree.root,
        depths: first(tree.depth, length),
        deepest: tree.depthMax,
        order: first(tree.order, length).sort((a, b) => a - b),
        tops: tree.rootCount + tree.orphanCount,
        missing: tree.missingParentCount,
        connected: tree.connectedCount,
      }),
      (spans, parents) => {
        const depths = spans.map((_, i) => naiveDepth(parents, i));
        const root = naiveRoot(spans, parents);
        const topOf = (i: number): number =>
          (parents[i] as number) < 0 ? i : topOf(parents[i] as number);
        const ids = new Set(spans.map(({ spanId }) => spanId));
        const shared = (s: Span): boolean =>
          spans.some((o) => o.spanId === s.spanId && o.kind === s.kind + 1 && s.kind === SERVER) ||
          spans.some((o) => o.spanId === s.spanId && o.kind === 4 && s.kind === 5);
        const missing = spans
          .filter((s) => s.parentSpanId !== '' && !ids.has(s.parentSpanId) && !shared(s))
          .map((s) => s.parentSpanId);
        return {
          root,
          depths,
          deepest: Math.max(0, ...depths),
          order: spans.map((_, i) => i),
          tops: parents.filter((p) => p < 0).length,
          missing: new Set(missing).size,
          connected: spans.filter((_, i) => topOf(i) === root).length,
        };
      },
    );
  });

  it('estimates clocks', () => {
    holds(
      ({ skew }, { length }) => first(skew.offset, length).map((o) => o + 0),
      (_spans, _parents, offsets) => offsets.map((o) => o + 0),
    );
  });

  it('finds the critical path', () => {
    holds(
      ({ path }) =>
        Array.from({ length: path.sectionCount }, (_, at) => [
          path.sectionSpan[at],
          path.sectionStart[at],
          path.sectionEnd[at],
        ]),
      (spans, parents, offsets) => {
        const zero = Number((spans[0]?.startUnixNano ?? 0n) - 1_700_000_000_000_000_000n);
        return naivePath(spans, parents, offsets).map(([i, a, b]) => [i, a - zero, b - zero]);
      },
    );
  });

  it('covers the time of the root exactly with sections, and sums them per span', () => {
    fc.assert(
      fc.property(traces, (spans) => {
        const { path, tree } = run(spans);
        const sums = new Map<number, number>();
        for (let at = 0; at < path.sectionCount; at++) {
          if (at > 0) expect(path.sectionEnd[at]).toBe(path.sectionStart[at - 1]);
          const length = (path.sectionEnd[at] as number) - (path.sectionStart[at] as number);
          expect(length).toBeGreaterThan(0);
          const i = path.sectionSpan[at] as number;
          sums.set(i, (sums.get(i) ?? 0) + length);
        }
        const total = [...sums.values()].reduce((a, b) => a + b, 0);
        expect(total).toBe(Number(spans[tree.root]?.durationNano ?? 0n));
        for (const i of first(path.pathSpans, path.spanCount)) {
          expect(path.exclusive[i]).toBe(sums.get(i) ?? 0);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('finds where errors began', () => {
    holds(
      ({ spans, tree, skew }) => {
        const { span: origin, errorCount, originCount } = errorOrigin(spans, tree, skew.offset);
        return { origin, errorCount, originCount };
      },
      (spans, parents, offsets) => {
        const fails = (i: number): boolean => spans[i]?.statusCode === 2;
        const failing = spans.map((_, i) => i).filter(fails);
        return {
          origin: naiveErrorOrigin(spans, parents, offsets),
          errorCount: failing.length,
          originCount: failing.filter((i) => !failing.some((c) => parents[c] === i)).length,
        };
      },
    );
  });

  it('pairs calls', () => {
    holds(
      ({ calls }) =>
        Array.from({ length: calls.count }, (_, at) => [calls.caller[at], calls.callee[at]]),
      (spans, parents) => naiveCalls(spans, parents),
    );
  });
});

describe('calls', () => {
  it('do not depend on the order in which spans are given', () => {
    const callsOf = (spans: readonly Span[]): readonly string[] =>
      analyzeTrace(spans)
        .calls.map(({ caller, callee, ...edge }) => {
          const name = (i: number | null) =>
            i === null ? '' : `${spans[i]?.spanId}.${spans[i]?.kind}`;
          return JSON.stringify([name(caller), name(callee), edge]);
        })
        .sort();
    const distinct = traces.map((spans) =>
      spans.filter(
        (s, i) => spans.findIndex((o) => o.spanId === s.spanId && o.kind === s.kind) === i,
      ),
    );
    fc.assert(
      fc.property(distinct, fc.infiniteStream(fc.nat()), (spans, keys) => {
        const shuffled = spans
          .map((s) => ({ s, key: keys.next().value as number }))
          .sort((a, b) => a.key - b.key)
          .map(({ s }) => s);
        expect(callsOf(shuffled)).toEqual(callsOf(spans));
      }),
      { numRuns: 300 },
    );
  });
});

describe('large and hostile traces', () => {
  const SPANS = 20_000;
  const many = (shape: (i: number) => Span): readonly Span[] =>
    Array.from({ length: SPANS }, (_, i) => shape(i));

  it('walks a chain as long as the trace', () => {
    const { tree, path, skew } = run(
      many((i) => span({ id: i + 1, parent: i, start: i, duration: 2 * (SPANS - i) })),
    );
    expect(tree.depthMax).toBe(SPANS);
    expect(path.sectionCount).toBe(2 * SPANS - 1);
    expect(skew.movedCount).toBe(0);
  });

  it('cuts one circle of all spans once', () => {
    const { tree } = run(many((i) => span({ id: i + 1, parent: ((i + 1) % SPANS) + 1, start: i })));
    expect(tree).toMatchObject({ cutCount: 1, orphanCount: 1, rootCount: 0, root: 0 });
    expect(tree.depthMax).toBe(SPANS);
  });

  it('takes spans that are all their own parents, and all the same span', () => {
    const own = run(many((i) => span({ id: i + 1, parent: i + 1 }))).tree;
    expect(own).toMatchObject({ cutCount: SPANS, orphanCount: SPANS, depthMax: 1 });
    const same = run(many(() => span({ id: 7, parent: 7, kind: CLIENT }))).tree;
    expect(same).toMatchObject({ cutCount: 1, depthMax: 2, connectedCount: SPANS });
  });

  it('sorts many children', () => {
    const { path } = run(
      many((i) =>
        i === 0
          ? span({ id: 1, duration: 3 * SPANS })
          : span({ id: i + 1, parent: 1, start: 3 * ((i * 7919) % SPANS), duration: 2 }),
      ),
    );
    // Every child is on the path, and between each two of them the root.
    expect(path.sectionCount).toBe(2 * SPANS - 1);
    expect(path.exclusive[0]).toBe(3 * SPANS - 2 * (SPANS - 1));
  });
});
