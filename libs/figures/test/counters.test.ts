import fc from 'fast-check';
import { COUNTERS_MAX, CounterBook, type Counters } from '../src';

/** Reports of a few processes, each counting up. */
const histories = fc.array(
  fc.record({
    service: fc.constantFrom('a', 'b'),
    startId: fc.constantFrom('1', '2', '3'),
    steps: fc.array(fc.tuple(fc.nat(100), fc.nat(5)), { minLength: 1, maxLength: 8 }),
  }),
  { minLength: 1, maxLength: 6 },
);

type Report = readonly [string, Counters];

function reportsOf({
  service,
  startId,
  steps,
}: {
  service: string;
  startId: string;
  steps: [number, number][];
}): Report[] {
  let ended = 0;
  let dropped = 0;
  return steps.map(([more, lost]) => {
    ended += more + lost;
    dropped += lost;
    return [service, { startId, ended, dropped }] as const;
  });
}

const keyed = (book: CounterBook) =>
  Object.fromEntries(book.take().map((entry) => [`${entry.service}/${entry.startId}`, entry]));

describe('counters', () => {
  it('are the greatest reported, in any order, however often, whatever of the earlier is lost', () => {
    fc.assert(
      fc.property(histories, fc.infiniteStream(fc.nat()), (all, picks) => {
        const reports = all.flatMap(reportsOf);
        const inOrder = new CounterBook();
        for (const [service, counters] of reports) inOrder.add(service, counters);
        const last = all.map((history) => reportsOf(history).at(-1) as Report);
        // All the last ones, any of the others, some of them again, shuffled.
        const heard = [...last, ...reports.filter(() => (picks.next().value ?? 0) % 2 === 0)];
        for (let i = heard.length - 1; i > 0; i--) {
          const j = (picks.next().value ?? 0) % (i + 1);
          [heard[i], heard[j]] = [heard[j] as Report, heard[i] as Report];
        }
        const shuffled = new CounterBook();
        for (const [service, counters] of heard) shuffled.add(service, counters);
        expect(keyed(shuffled)).toEqual(keyed(inOrder));
      }),
    );
  });

  it('begin anew when they are taken, and say when there are many', () => {
    const book = new CounterBook();
    for (let i = 0; i < COUNTERS_MAX; i++) book.add('a', { startId: `${i}`, ended: 1, dropped: 0 });
    expect(book.isFull).toBe(true);
    expect(book.take()).toHaveLength(COUNTERS_MAX);
    expect(book.size).toBe(0);
  });
});
