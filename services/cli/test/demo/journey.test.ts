import type { Span } from '@spanloom/model';
import { createJourney } from '../../src/demo/journey';
import type { LoadBatch } from '../../src/generate/load';

const batch = (what: LoadBatch['what'], ...ids: string[]): LoadBatch => ({
  sendAtMs: 0,
  service: 'a',
  what,
  spans: ids.map((traceId) => ({ traceId }) as Span),
});
const fragment = (traceId: string, spans: number) => ({ traceId, spans, duplicates: 0 });

describe('the journey of traces', () => {
  test('counts from the last new span to the first fragment', () => {
    const journey = createJourney();
    journey.sent(batch('new', 'a', 'b'), 100);
    journey.sent(batch('new', 'a'), 300);
    journey.sent(batch('late', 'a'), 900);
    journey.stored(fragment('a', 5), 1300);
    journey.stored(fragment('b', 2), 1100);
    journey.stored(fragment('a', 1), 5000);
    expect([journey.traces, journey.spans]).toEqual([2, 8]);
    expect(journey.quantiles([0, 0.5, 1])).toEqual([1000, 1000, 1000]);
  });

  test('leaves out what others sent, and forgets what never comes', () => {
    const journey = createJourney();
    expect(journey.quantiles([0.5])).toEqual([Number.NaN]);
    journey.stored(fragment('stranger', 3), 10);
    journey.sent(batch('new', 'a'), 100);
    journey.sent(batch('new', 'b'), 200);
    journey.forget(150);
    journey.stored(fragment('a', 3), 400);
    journey.stored(fragment('b', 3), 400);
    expect([journey.traces, journey.spans]).toEqual([1, 3]);
  });
});
