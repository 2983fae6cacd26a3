import fc from 'fast-check';
import { DeliveryQueue } from '../src/delivery-queue';
import type { KafkaRecord } from '../src/record';

function record(offset: number): KafkaRecord {
  return { offset, timestampMs: offset, key: null, value: null, headers: {} };
}

function fetched(nextOffset: number, records: KafkaRecord[], bytes: number, done = () => {}) {
  return { nextOffset, bytes, done, decode: async () => records };
}

/** Offsets of what is taken at a position; null when nothing is. */
async function take(queue: DeliveryQueue, position: number): Promise<number[] | null> {
  return queue.take(position) ? offsets(await queue.open()) : null;
}

function offsets(records: readonly KafkaRecord[] | null): number[] | null {
  return records === null ? null : records.map((r) => r.offset);
}

test('hands out what was fetched at the position', async () => {
  const queue = new DeliveryQueue(1_000);
  queue.seek(10);
  queue.push(10, fetched(12, [record(10), record(11)], 100));
  expect(queue.fetchOffset).toBe(12);
  expect(await take(queue, 10)).toEqual([10, 11]);
  expect(await take(queue, 12)).toBeNull();
  expect(queue.fetchOffset).toBe(12);
});

test('leaves out records below the position', async () => {
  const queue = new DeliveryQueue(1_000);
  queue.seek(10);
  queue.push(10, fetched(14, [10, 11, 12, 13].map(record), 100));
  expect(await take(queue, 12)).toEqual([12, 13]);
});

test('goes back when the position is before what was fetched, and drops the answers under way', async () => {
  const queue = new DeliveryQueue(1_000);
  queue.seek(10);
  queue.push(10, fetched(12, [record(10), record(11)], 100));
  expect(await take(queue, 5)).toBeNull();
  expect(queue.fetchOffset).toBe(5);
  queue.push(12, fetched(13, [record(12)], 100));
  expect(queue.isEmpty).toBe(true);
  queue.push(5, fetched(6, [record(5)], 100));
  expect(await take(queue, 5)).toEqual([5]);
});

test('goes on after gaps: markers in the log, and records that were deleted', async () => {
  const queue = new DeliveryQueue(1_000);
  queue.seek(0);
  queue.push(0, fetched(3, [record(0), record(1)], 10));
  queue.push(3, fetched(4, [], 10));
  queue.push(4, fetched(6, [record(5)], 10));
  expect(await take(queue, 0)).toEqual([0, 1, 5]);
  expect(await take(queue, 6)).toBeNull();
  queue.skip(6, 100);
  expect(queue.fetchOffset).toBe(100);
  queue.push(100, fetched(101, [record(100)], 10));
  expect(await take(queue, 6)).toEqual([100]);
});

test('a stretch without records does not stop the reading', async () => {
  const queue = new DeliveryQueue(10);
  queue.seek(0);
  queue.push(0, fetched(2, [record(0)], 10));
  queue.push(2, fetched(5, [], 10));
  queue.push(5, fetched(6, [record(5)], 10));
  expect(await take(queue, 0)).toEqual([0]);
  expect(await take(queue, 1)).toEqual([]);
  expect(await take(queue, 1)).toEqual([5]);
});

test('is full by bytes, and says so', async () => {
  const queue = new DeliveryQueue(100);
  queue.seek(0);
  queue.push(0, fetched(1, [record(0)], 99));
  expect(queue.isFull).toBe(false);
  queue.push(1, fetched(2, [record(1)], 99));
  expect(queue.isFull).toBe(true);
  queue.take(0);
  expect(queue.isFull).toBe(false);
});

test('whatever is fetched and wherever the reader jumps, it sees each record of the log from there on, in order', async () => {
  const step = fc.record({
    fetched: fc.integer({ min: 0, max: 5 }),
    jump: fc.option(fc.integer({ min: 0, max: 30 }), { freq: 6 }),
    reads: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.nat(60), { maxLength: 50 }),
      fc.array(step),
      async (log, steps) => {
        const sorted = [...log].sort((a, b) => a - b);
        const queue = new DeliveryQueue(3);
        let position = 0;
        queue.seek(0);
        for (const { fetched: count, jump, reads } of steps) {
          const at = queue.fetchOffset;
          const got = sorted.filter((offset) => offset >= at).slice(0, count);
          const next = (got.at(-1) ?? at - 1) + 1;
          queue.push(at, fetched(next, got.map(record), count));
          if (jump !== null) position = jump;
          const taken = reads ? await take(queue, position) : null;
          if (taken === null || taken.length === 0) continue;
          const expected = sorted.filter((offset) => offset >= position).slice(0, taken.length);
          expect(taken).toEqual(expected);
          position = (taken.at(-1) ?? 0) + 1;
        }
      },
    ),
  );
});

test('tells when the records of each answer are not read any more, once', async () => {
  const queue = new DeliveryQueue(100);
  queue.seek(0);
  const told: string[] = [];
  const tell = (name: string) => () => told.push(name);
  queue.push(0, fetched(1, [record(0)], 10, tell('a')));
  queue.push(1, fetched(2, [record(1)], 10, tell('b')));
  queue.push(1, fetched(2, [record(1)], 10, tell('an answer to an earlier position')));
  expect(told).toEqual(['an answer to an earlier position']);
  queue.push(2, fetched(3, [record(2)], 95, tell('c')));
  expect(await take(queue, 0)).toEqual([0, 1]);
  expect(told).toHaveLength(1);
  queue.done();
  expect(told.slice(1)).toEqual(['a', 'b']);
  expect(await take(queue, 2)).toEqual([2]);
  queue.push(3, fetched(4, [record(3)], 10, tell('d')));
  queue.seek(1);
  expect(told.slice(3)).toEqual(['d']);
  queue.done();
  queue.done();
  expect(told.slice(4)).toEqual(['c']);
});

test('what was being read when the processor failed is not given back', async () => {
  const queue = new DeliveryQueue(100);
  queue.seek(0);
  const told: string[] = [];
  queue.push(
    0,
    fetched(1, [record(0)], 10, () => told.push('a')),
  );
  queue.take(0);
  queue.seek(0);
  queue.push(
    0,
    fetched(1, [record(0)], 10, () => told.push('again')),
  );
  queue.take(0);
  queue.done();
  expect(told).toEqual(['again']);
});
