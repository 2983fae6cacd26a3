import { encodeDeadLetter } from '@spanloom/avro';
import {
  createDecidedReader,
  type LogRecord,
  type RecordReader,
  readDecisions,
  scanRecord,
} from '../src';
import { deadRecord } from '../src/scan';

const letter = (offset: number, change: Partial<Parameters<typeof encodeDeadLetter>[0]> = {}) =>
  encodeDeadLetter(
    {
      topic: 'spans',
      partition: 2,
      offset,
      index: -1,
      atUnixMs: 0,
      reason: 'schema-unknown',
      error: '',
      attempts: 1,
      schemaId: 0,
      key: null,
      raw: Buffer.alloc(3),
      ...change,
    },
    1,
  );

/** A log whose records came at whole minutes. */
function logOf(values: readonly (Buffer | null)[]) {
  const records = values.map(
    (value, offset): LogRecord => ({ offset, timestampMs: offset * 60_000, value }),
  );
  return {
    offsetAt: async (ms: number) => records.find((r) => r.timestampMs >= ms)?.offset ?? null,
    read: async (from: number, to: number, take: (records: readonly LogRecord[]) => unknown) =>
      void (await take(records.slice(from, to))),
  };
}

const of = { topic: 'spans', partition: 2, since_s: 0, end: 6 };

test('decisions are the letters for unknown schemas, of this topic and partition, since a minute before', async () => {
  const log = logOf([
    letter(7),
    letter(8, { reason: 'malformed' }),
    letter(9, { partition: 1 }),
    letter(10, { topic: 'traces' }),
    Buffer.from('noise'),
    letter(11),
    letter(12), // after the end
  ]);
  expect(await readDecisions(log, of)).toEqual(new Set([7, 11]));
  expect(await readDecisions(log, { ...of, since_s: 60 })).toEqual(new Set([7, 11]));
  expect(await readDecisions(log, { ...of, since_s: 180 })).toEqual(new Set([11]));
  expect(await readDecisions(logOf([]), { ...of, end: 0 })).toEqual(new Set());
});

describe('a reader with decisions', () => {
  const value = Buffer.from([0, 0, 0, 0, 9, 0]);
  const known: RecordReader = { read: (r) => scanRecord(r.offset, r.timestampMs, r.value) };
  const unknown: RecordReader = {
    read: async (r) => deadRecord(r.offset, r.timestampMs, value, 'schema-unknown'),
  };
  const record = (offset: number): LogRecord => ({ offset, timestampMs: 0, value });

  test('keeps to them, whatever the registry says today', async () => {
    const reader = createDecidedReader(known, new Set([4]), { complete: true });
    expect((await reader.read(record(4))).deadLetters.map((l) => l.reason)).toEqual([
      'schema-unknown',
    ]);
    expect((await reader.read(record(5))).deadLetters.map((l) => l.reason)).not.toContain(
      'schema-unknown',
    );
    expect((await reader.read({ ...record(4), value: null })).deadLetters).toEqual([]);
  });

  test('where all was decided, a schema that nobody knows any more is waited for', async () => {
    const complete = createDecidedReader(unknown, new Set([4]), { complete: true });
    expect((await complete.read(record(4))).received).toBe(1);
    await expect(complete.read(record(5))).rejects.toMatchObject({
      code: 'engine-unavailable',
      retriable: true,
    });
    const partly = createDecidedReader(unknown, new Set([4]), { complete: false });
    expect((await partly.read(record(5))).received).toBe(1);
  });
});
