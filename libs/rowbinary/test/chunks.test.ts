import { ByteWriter } from '../src/byte-writer';
import { CHUNK_BYTES, ChunkPool } from '../src/chunk-pool';

/** A number as a row that was begun by itself. */
function add(out: ByteWriter, value: number, bytes_max: number): void {
  out.open(bytes_max);
  out.uint32(value);
}

function numbers(out: ByteWriter): readonly number[] {
  const bytes = Buffer.concat(out.views());
  expect(out.byteCount).toBe(bytes.length);
  return Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readUInt32LE(i * 4));
}

test('rows come out in order from full buffers, and the buffers are used again', () => {
  const pool = new ChunkPool();
  const rows = new ByteWriter(64, pool);
  for (let round = 1; round <= 3; round++) {
    const wanted = Array.from({ length: 300_000 }, (_, i) => round * i);
    for (const value of wanted) add(rows, value, 20);
    expect(rows.views().length).toBeGreaterThan(2);
    expect(numbers(rows)).toEqual(wanted);
    rows.reset();
    expect([rows.byteCount, Buffer.concat(rows.views()).length]).toEqual([0, 0]);
  }
  const chunks = Array.from({ length: 2 }, () => pool.take(CHUNK_BYTES));
  expect(chunks[0]?.buffer).not.toBe(chunks[1]?.buffer);
});

test('a row larger than a chunk gets a buffer of its size', () => {
  const rows = new ByteWriter(64);
  add(rows, 1, 20);
  add(rows, 2, 3 * CHUNK_BYTES);
  expect(numbers(rows)).toEqual([1, 2]);
});

test('a pool keeps a bounded number of buffers, and gives none that is too small', () => {
  const pool = new ChunkPool();
  const many = Array.from({ length: 800 }, () => pool.take(1));
  for (const chunk of many) pool.give(chunk);
  const again = new Set(Array.from({ length: 800 }, () => pool.take(1)));
  expect(many.filter((chunk) => again.has(chunk)).length).toBe(768);
  pool.give(Buffer.alloc(CHUNK_BYTES));
  expect(pool.take(CHUNK_BYTES + 1).length).toBe(CHUNK_BYTES + 1);
});
