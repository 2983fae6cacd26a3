import fc from 'fast-check';
import {
  type AnomalyEvent,
  DETECTOR_RULES,
  Detector,
  type SelfTimePane,
  type SeriesName,
} from '../src';
import { batch, logNormal, operation, pane, random, type Shown, START_S } from './panes';

/** Gives a detector panes of one partition at the pace of their span time; the log ends an hour later. */
function detect(panes: readonly SelfTimePane[], rules = DETECTOR_RULES): readonly AnomalyEvent[] {
  const detector = new Detector(rules);
  const events = panes.flatMap((one, i) =>
    detector.step({ appendMs: (one.startS + 12) * 1000, batch: batch([one], i + 1) }),
  );
  const endS = (panes.at(-1)?.startS ?? START_S) + 3600;
  return [...events, ...detector.step({ appendMs: endS * 1000, batch: null })];
}

/** Minutes since the beginning at which events were seen, with the services. */
const told = (events: readonly AnomalyEvent[]) =>
  events.map(({ atS, services }) => [(atS - START_S) / 60, ...services]);

const MINUTE = 6;

/** Panes of ten traces each; `at` gives the median self time in ms of a pane, or null where there is none. */
function series(
  minutes: number,
  name: SeriesName,
  at: (number: number) => number | null,
  seed = 1,
): (number: number) => readonly Shown[] {
  const next = random(seed);
  const all = Array.from({ length: minutes * MINUTE }, (_, number) => {
    const median = at(number);
    return median === null ? [] : [{ name, ms: logNormal(next, 10, median) }];
  });
  return (number) => all[number] ?? [];
}

/** Puts series together; panes without any do not exist. */
function panesOf(
  minutes: number,
  ...all: readonly ((number: number) => readonly Shown[])[]
): readonly SelfTimePane[] {
  return Array.from({ length: minutes * MINUTE }, (_, number) =>
    pane(number, ...all.flatMap((of) => of(number))),
  ).filter(({ series: some }) => some.length > 0);
}

describe('self times', () => {
  const cart = operation('cart');

  test('stable: quiet for three hours of 40 series', () => {
    const many = Array.from({ length: 40 }, (_, i) =>
      series(180, operation(`s${i % 10}`, `op ${i}`), () => 20, i),
    );
    expect(detect(panesOf(180, ...many))).toEqual([]);
  });

  test('a step is told once, within a minute, and becomes the baseline', () => {
    const step = series(180, cart, (n) => (n < 30 * MINUTE ? 20 : 120));
    const events = detect(panesOf(180, step));
    expect(events).toHaveLength(1);
    const [[minutes, service]] = told(events) as [[number, string]];
    expect(service).toBe('cart');
    expect(minutes).toBeGreaterThan(30);
    expect(minutes).toBeLessThanOrEqual(31);
    expect(events[0]?.incident).toBe(events[0]?.id);
    expect(events[0]?.findings[0]).toMatchObject({ what: 'self-time', name: cart });
    expect(events[0]?.findings[0]?.exemplars).toEqual(['a'.repeat(32)]);
  });

  test('what was adopted is what a later step is compared with', () => {
    const steps = series(300, cart, (n) => (n < 20 * MINUTE ? 5 : n < 240 * MINUTE ? 60 : 600), 3);
    const rules = { ...DETECTOR_RULES, half_life_s: 600, adopt_s: 300 };
    const [first, second, ...more] = told(detect(panesOf(300, steps), rules)) as [number, string][];
    expect(first?.[0]).toBeCloseTo(20.5, 0);
    expect(second?.[0]).toBeCloseTo(240.5, 0);
    expect(more).toEqual([]);
  });

  test('a slow drift is followed: threefold in six hours is no event', () => {
    const drift = series(360, cart, (n) => 20 * 3 ** (n / (360 * MINUTE)));
    expect(detect(panesOf(360, drift))).toEqual([]);
  });

  test('quiet at the start, however slow: there is nothing to compare with', () => {
    const cold = series(60, cart, (n) => (n < 2 ? 2_000 : 20));
    expect(detect(panesOf(60, cold))).toEqual([]);
  });

  test('a series that falls silent and comes back is no event', () => {
    const other = series(120, operation('shop'), () => 20, 2);
    const silent = series(120, cart, (n) => (n > 30 * MINUTE && n < 90 * MINUTE ? null : 20));
    expect(detect(panesOf(120, other, silent))).toEqual([]);
  });

  test('a hole in the data: quiet after it, and a fault after it is told', () => {
    const hole = (n: number): boolean => n > 20 * MINUTE && n < 50 * MINUTE;
    const calm = series(80, cart, (n) => (hole(n) ? null : 20));
    expect(detect(panesOf(80, calm))).toEqual([]);
    const slow = series(80, cart, (n) => (hole(n) ? null : n >= 50 * MINUTE ? 150 : 20));
    const [[minutes]] = told(detect(panesOf(80, slow))) as [[number]];
    expect(minutes).toBeLessThanOrEqual(51);
  });

  test('a whole service that is slow is one event, not one for each operation', () => {
    const many = Array.from({ length: 40 }, (_, i) =>
      series(60, operation('cart', `op ${i}`), (n) => (n < 30 * MINUTE ? 20 : 150), i),
    );
    const events = detect(panesOf(60, ...many));
    expect(told(events)).toEqual([[expect.any(Number), 'cart']]);
  });

  test('a rise that takes a hundredth of the traces is no event', () => {
    const small = series(60, cart, (n) => (n < 30 * MINUTE ? 0.2 : 2));
    expect(detect(panesOf(60, small))).toEqual([]);
  });

  test('time lost on all edges of a service points at it, not at those at the other ends', () => {
    const edge = (service: string, peer: string, seed: number) =>
      series(40, { type: 'edge', service, peer }, (n) => (n < 30 * MINUTE ? 3 : 100), seed);
    const calm = ['shop', 'cart', 'db', 'mail'].map((name, i) =>
      series(40, operation(name), () => 20, i),
    );
    const events = detect(
      panesOf(
        40,
        edge('shop', 'cart', 11),
        edge('cart', 'db', 12),
        edge('cart', 'mail', 13),
        ...calm,
      ),
    );
    expect(events).toHaveLength(1);
    expect(events[0]?.services[0]).toBe('cart');
  });
});

describe('failures and shapes', () => {
  const usual =
    (failed: (number: number) => number, shapes?: Shown['shapes']) =>
    (name: string) =>
    (number: number): readonly Shown[] => [
      {
        name: operation(name),
        ms: Array.from({ length: 20 }, () => 20),
        failed: failed(number),
        ...(shapes === undefined ? {} : { shapes }),
      },
    ];

  test('more failures than usual are told, the usual ones are not', () => {
    const some = usual((n) => n % 2)('cart');
    expect(detect(panesOf(60, some))).toEqual([]);
    const more = usual((n) => (n < 30 * MINUTE ? n % 2 : 8))('cart');
    const events = detect(panesOf(60, more));
    expect(told(events)).toEqual([[expect.any(Number), 'cart']]);
    expect(events[0]?.findings[0]).toMatchObject({ what: 'failures' });
    expect(events[0]?.findings[0]?.exemplars).toEqual(['f'.repeat(32)]);
  });

  test('spans that have lost their children are told', () => {
    const early = (n: number): readonly Shown[] => [
      {
        name: operation('cart'),
        ms: Array.from({ length: 20 }, () => 20),
        shapes: n < 30 * MINUTE ? { 77: 19, 0: 1 } : { 77: 8, 0: 12 },
      },
    ];
    const events = detect(panesOf(60, early));
    expect(told(events)).toEqual([[expect.any(Number), 'cart']]);
    expect(events[0]?.findings[0]).toMatchObject({ what: 'shape', missing: '' });
  });

  test('a callee that sends nothing any more is named before its caller', () => {
    const call: SeriesName = {
      type: 'operation',
      service: 'shop',
      operation: 'POST /cart',
      kind: 3,
      peer: 'cart',
    };
    const calls = (n: number): readonly Shown[] => [
      {
        name: n < 30 * MINUTE ? call : { ...call, peer: '' },
        ms: Array.from({ length: 20 }, () => 20),
        shapes: n < 30 * MINUTE ? { 77: 20 } : { 0: 20 },
      },
    ];
    const [event] = detect(panesOf(60, calls));
    expect(event?.services.slice(0, 2)).toEqual(['cart', 'shop']);
  });

  test('a service that fails is named before its caller that gives up because of it', () => {
    const failing = usual((n) => (n < 30 * MINUTE ? 0 : 10));
    const edge = series(60, { type: 'edge', service: 'shop', peer: 'cart' }, () => 3);
    const [event] = detect(panesOf(60, failing('shop'), failing('cart'), edge));
    expect(event?.services).toEqual(['cart', 'shop']);
  });
});

describe('a function of the log', () => {
  const faulty = panesOf(
    60,
    series(60, operation('shop'), () => 20, 1),
    series(60, operation('cart'), (n) => (n < 30 * MINUTE ? 20 : 200), 2),
    series(60, operation('mail'), (n) => (n < 40 * MINUTE ? 20 : 200), 3),
  );

  /** The pane cut into the parts of so many partitions. */
  const parts = (one: SelfTimePane, partitions: number, partition: number): SelfTimePane => ({
    startS: one.startS,
    series: one.series.filter((_, i) => i % partitions === partition),
  });

  test('whatever the order in which partitions come, and however often a batch does', () => {
    const expected = detect(faulty);
    expect(expected).toHaveLength(2);
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 4, maxLength: 40 }), (choices) => {
        const detector = new Detector({ ...DETECTOR_RULES, idle_s: 3000 });
        const sent = [0, 0, 0];
        const events: AnomalyEvent[] = [];
        const send = (partition: number, number: number): void => {
          const [one] = [faulty[number] as SelfTimePane].map((of) => parts(of, 3, partition));
          const appendMs = (START_S + 1_000_000) * 1000 + number * 100;
          const record = {
            appendMs,
            batch: batch([one as SelfTimePane], number + 1, partition, 3),
          };
          events.push(...detector.step(record));
        };
        for (let i = 0; ; i++) {
          const left = [0, 1, 2].filter((of) => (sent[of] as number) < faulty.length);
          if (left.length === 0) break;
          const choice = choices[i % choices.length] as number;
          const partition = left[choice % left.length] as number;
          const number = sent[partition] as number;
          send(partition, number);
          if (choice % 5 === 0) send(partition, number);
          sent[partition] = number + 1;
        }
        events.push(...detector.step({ appendMs: (START_S + 2_000_000) * 1000, batch: null }));
        expect(events).toEqual(expected);
        expect(detector.counters.late).toBe(0);
      }),
      { numRuns: 8 },
    );
  });

  test('a partition that is behind is waited for, one that is silent is not', () => {
    const detector = new Detector(DETECTOR_RULES);
    const step = (afterS: number, of: ReturnType<typeof batch> | null) =>
      detector.step({ appendMs: (START_S + afterS) * 1000, batch: of });
    const one = (number: number) => [pane(number, { name: operation('cart'), ms: [20] })];
    step(0, batch(one(0), 1, 0, 2));
    step(1, batch(one(8), 2, 0, 2));
    expect(detector.counters.judged).toBe(0);
    step(2, batch(one(4), 1, 1, 2));
    step(22, null);
    expect([detector.counters.judged, detector.pendingPanes]).toEqual([1, 2]);
    step(33, null);
    expect([detector.counters.judged, detector.pendingPanes]).toEqual([3, 0]);
    step(34, batch(one(3), 3, 0, 2));
    expect(detector.counters.late).toBe(1);
  });

  test('an import of something old has a time of its own, and the live one goes on', () => {
    const live = detect(faulty);
    const detector = new Detector(DETECTOR_RULES);
    const events: AnomalyEvent[] = [];
    let seq = 0;
    faulty.forEach((one, number) => {
      const appendMs = (one.startS + 12) * 1000;
      const old = { ...one, startS: one.startS - 86_400 * 365 };
      events.push(...detector.step({ appendMs, batch: batch([one], ++seq) }));
      if (number < 30) events.push(...detector.step({ appendMs, batch: batch([old], ++seq) }));
    });
    events.push(...detector.step({ appendMs: (START_S + 10_000) * 1000, batch: null }));
    expect(events).toEqual(live);
    expect(detector.counters).toMatchObject({ late: 0, judged: faulty.length + 30 });
  });

  test('a clock that runs hours ahead moves nothing', () => {
    const ahead = { ...(faulty[0] as SelfTimePane), startS: START_S + 86_400 };
    const detector = new Detector(DETECTOR_RULES);
    detector.step({ appendMs: START_S * 1000, batch: batch([ahead], 1) });
    expect(detector.counters.late).toBe(ahead.series.length);
    expect(detector.pendingPanes).toBe(0);
  });

  test('bounded: series without room are counted, not judged', () => {
    const many = Array.from({ length: 20 }, (_, i) =>
      series(10, operation('a', `op ${i}`), () => 5, i),
    );
    const detector = new Detector({ ...DETECTOR_RULES, series_max: 8 });
    for (const [i, one] of panesOf(10, ...many).entries()) {
      detector.step({ appendMs: (one.startS + 12) * 1000, batch: batch([one], i + 1) });
    }
    expect(detector.series).toBe(8);
    expect(detector.counters.unjudged).toBeGreaterThan(0);
  });
});
