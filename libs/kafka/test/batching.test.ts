import fc from 'fast-check';
import { RequestFiller, recordBytes, refuseOversized } from '../src/batching';
import type { OutgoingRecord } from '../src/record';

const LIMITS = { batch_bytes_max: 1_000, request_bytes_max: 3_000 };

const anyRecord: fc.Arbitrary<OutgoingRecord> = fc.record({
  partition: fc.integer({ min: 0, max: 3 }),
  key: fc.option(fc.integer({ min: 0, max: 40 }).map((n) => Buffer.alloc(n))),
  value: fc.option(fc.integer({ min: 0, max: 800 }).map((n) => Buffer.alloc(n))),
});

/** Fills requests until all records are in one. */
function split(records: readonly OutgoingRecord[]): OutgoingRecord[][] {
  const requests: OutgoingRecord[][] = [];
  for (let at = 0; at < records.length; ) {
    const filler = new RequestFiller(LIMITS);
    const request: OutgoingRecord[] = [];
    for (let record = records[at]; record !== undefined; record = records[at]) {
      if (!filler.add('t', record)) break;
      request.push(record);
      at++;
    }
    expect(request.length).toBeGreaterThan(0);
    requests.push(request);
  }
  return requests;
}

test('splitting loses nothing, keeps the order, and no batch or request is over its limit', () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { maxLength: 60 }), (records) => {
      const requests = split(records);
      expect(requests.flat()).toEqual(records);
      for (const request of requests) {
        const batches = new Map<number, number>();
        for (const record of request) {
          const before = batches.get(record.partition) ?? 61;
          batches.set(record.partition, before + recordBytes(record));
        }
        const sizes = [...batches.values()];
        expect(Math.max(...sizes)).toBeLessThanOrEqual(LIMITS.batch_bytes_max);
        const bytes = sizes.reduce((sum, size) => sum + size, 0);
        expect(bytes).toBeLessThanOrEqual(LIMITS.request_bytes_max);
      }
    }),
  );
});

test('a record that no batch can hold is refused by name and size', () => {
  const fits = { partition: 2, value: Buffer.alloc(900) };
  const over = { partition: 2, value: Buffer.alloc(1_000) };
  expect(() => refuseOversized('t', [fits], 1_000)).not.toThrow();
  expect(() => refuseOversized('t', [fits, over], 1_000)).toThrow(
    expect.objectContaining({ code: 'kafka-fatal', retriable: false }),
  );
});

test('headers count', () => {
  const plain = recordBytes({ partition: 0, value: null });
  const headed = recordBytes({ partition: 0, value: null, headers: { é: Buffer.alloc(7) } });
  expect(headed - plain).toBeGreaterThanOrEqual(2 + 7 + 2);
});
