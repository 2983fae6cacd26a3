import fc from 'fast-check';
import { decodeFigureBatch, encodeFigureBatch, type FigureBatch, reference } from '../src';

const count = fc.maxSafeNat();
const double = fc.double({ min: 0, max: 1e18, noNaN: true });
const buckets = fc.array(fc.tuple(fc.nat(0x7fff), count), { maxLength: 5 });
const pane = fc
  .record({
    figure: fc.constantFrom('transfer' as const, 'storage' as const, 'analysis' as const),
    leg: fc.string(),
    service: fc.string({ unit: 'grapheme' }),
    start_s: fc.nat(),
    count,
    clamped: count,
    sum: double,
    min: double,
    max: double,
    buckets,
  })
  .map(({ buckets: pairs, ...rest }) => ({
    ...rest,
    indices: pairs.map(([index]) => index),
    counts: pairs.map(([, many]) => many),
  }));
const counters = fc.record({
  service: fc.string(),
  startId: fc.string(),
  ended: count,
  dropped: count,
});
const batches: fc.Arbitrary<FigureBatch> = fc.record({
  delays: fc.array(pane, { maxLength: 4 }),
  counters: fc.array(counters, { maxLength: 4 }),
});

describe('a message of the topic figures', () => {
  it('reads back', () => {
    fc.assert(
      fc.property(batches, (batch) => {
        expect(decodeFigureBatch(encodeFigureBatch(batch, 7))).toEqual(batch);
      }),
    );
  });

  it('is what avsc writes', () => {
    fc.assert(
      fc.property(batches, ({ delays, counters: counted }) => {
        const expected = reference.figureBatch.toBuffer({
          delays: delays.map((d) => ({
            figure: d.figure,
            leg: d.leg,
            service: d.service,
            start_s: BigInt(d.start_s),
            count: BigInt(d.count),
            clamped: BigInt(d.clamped),
            sum_nano: d.sum,
            min_nano: d.min,
            max_nano: d.max,
            buckets: d.indices.map((index, i) => ({ index, count: BigInt(d.counts[i] ?? 0) })),
          })),
          counters: counted.map((c) => ({
            service: c.service,
            start_id: c.startId,
            ended: BigInt(c.ended),
            dropped: BigInt(c.dropped),
          })),
        });
        const encoded = encodeFigureBatch({ delays, counters: counted }, 7);
        expect(encoded.subarray(5)).toEqual(expected);
      }),
    );
  });

  const sound: FigureBatch = {
    delays: [
      {
        figure: 'transfer',
        leg: 'gateway',
        service: 'a',
        start_s: 10,
        count: 1,
        clamped: 0,
        sum: 5,
        min: 5,
        max: 5,
        indices: [5],
        counts: [1],
      },
    ],
    counters: [],
  };
  it.each([
    ['cut off', (bytes: Buffer) => bytes.subarray(0, bytes.length - 3)],
    ['without a header', (bytes: Buffer) => bytes.subarray(1)],
    [
      'of another figure',
      (bytes: Buffer) =>
        Buffer.from(bytes.toString('latin1').replace('transfer', 'nonsense'), 'latin1'),
    ],
  ])('%s is refused', (_what, broken) => {
    expect(() => decodeFigureBatch(broken(encodeFigureBatch(sound, 7)))).toThrow(RangeError);
  });

  it('with a duration that is none is refused', () => {
    const [delay] = sound.delays;
    const bytes = encodeFigureBatch({ delays: [{ ...delay!, sum: Number.NaN }], counters: [] }, 7);
    expect(() => decodeFigureBatch(bytes)).toThrow(RangeError);
  });
});
