import fc from 'fast-check';
import { BucketCounts } from '../src/bucket-counts';

test('counts are those of a Map, whatever is added and taken out again', () => {
  const change = fc.tuple(fc.nat(3711), fc.constantFrom(1, -1, 3));
  fc.assert(
    fc.property(fc.array(change, { maxLength: 400 }), (changes) => {
      const counts = new BucketCounts();
      const plain = new Map<number, number>();
      for (const [bucket, weight] of changes) {
        counts.add(bucket, weight);
        plain.set(bucket, (plain.get(bucket) ?? 0) + weight);
      }
      expect(counts.size).toBe(plain.size);
      expect(new Map(counts)).toEqual(plain);
      expect(new Map(counts.withoutZeros())).toEqual(
        new Map([...plain].filter(([, count]) => count !== 0)),
      );
    }),
  );
});
