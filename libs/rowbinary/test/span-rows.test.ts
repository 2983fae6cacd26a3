import { AvroWriter, type DecodedBatch, reference, spanOf, writeSpan } from '@spanloom/avro';
import type { Span } from '@spanloom/model';
import fc from 'fast-check';
import { SPAN_COLUMNS, SpanRows } from '../src';
import { arbitrarySpan } from './arbitrary-span';
import { dividedSpan } from './avro-blocks';
import { readNative } from './native-reader';
import { expectedRow } from './span-row';

const PLACE = { partition: 65535, seq: 2 ** 40 + 3, storedAtS: 1_700_000_000 };

function spanBytes(...spans: readonly Span[]): Buffer {
  const writer = new AvroWriter();
  for (const span of spans) writeSpan(writer, span);
  return writer.take();
}

/** Decodes one span with avsc: the reference for what the bytes mean. Throws when they mean nothing. */
function referenceSpan(bytes: Buffer): Span {
  const oneSpan = Buffer.concat([Buffer.of(0, 2), bytes, Buffer.of(0)]);
  const batch = reference.spanBatch.fromBuffer(oneSpan) as DecodedBatch;
  return spanOf(batch.spans[0] as DecodedBatch['spans'][number]);
}

function newRows(): SpanRows {
  return new SpanRows();
}

function readAll(rows: SpanRows): unknown[][] {
  if (rows.rowCount === 0) return [];
  const columns = readNative(rows.view());
  expect(columns.map(({ name }) => name)).toEqual(SPAN_COLUMNS);
  return Array.from({ length: rows.rowCount }, (_, row) =>
    columns.map(({ values }) => values[row]),
  );
}

/** Appends all spans of `bytes[start…end)`; where each ends, and -1 after them when one is broken. */
function append(rows: SpanRows, bytes: Uint8Array, start = 0, end = bytes.length): number[] {
  const before = rows.rowCount;
  const count = rows.append(bytes, PLACE, start, end);
  expect(rows.rowCount - before).toBe(count);
  const { at, reason } = rows;
  const ends = count > 1 ? endsOf(bytes, start, at, count) : count === 1 ? [at] : [];
  rows.reason = reason;
  return at === end ? ends : [...ends, -1];
}

/** Where each of `count` spans ends: what is cut off before that is no span. */
function endsOf(bytes: Uint8Array, start: number, end: number, count: number): number[] {
  const rows = newRows();
  const ends: number[] = [];
  for (let from = start, to = start; ends.length < count - 1; to++) {
    if (rows.append(bytes, PLACE, from, to) === 0) continue;
    ends.push(to);
    from = to;
  }
  return [...ends, end];
}

describe('SpanRows', () => {
  it('holds what avsc decodes', () => {
    fc.assert(
      fc.property(fc.array(arbitrarySpan, { minLength: 1, maxLength: 4 }), (spans) => {
        const bytes = spanBytes(...spans);
        const rows = newRows();
        expect(rows.append(bytes, PLACE)).toBe(spans.length);
        for (const span of spans) {
          const one = spanBytes(span);
          expect(spanBytes(referenceSpan(one)).equals(one)).toBe(true);
        }
        const expected = spans.map((span) => expectedRow(span, PLACE));
        expect(readAll(rows)).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('does not care how maps and arrays are divided into blocks', () => {
    const division = fc.infiniteStream(fc.record({ items: fc.nat(3), sized: fc.boolean() }));
    fc.assert(
      fc.property(arbitrarySpan, division, (span, stream) => {
        const divided = dividedSpan(span, (left) => {
          const { items, sized } = stream.next().value;
          return { items: Math.min(left, items + 1), sized };
        });
        const rows = newRows();
        expect(append(rows, divided)).toEqual([divided.length]);
        expect(readAll(rows)).toEqual([expectedRow(span, PLACE)]);
      }),
      { numRuns: 300 },
    );
  });

  it('takes 10,000 attributes, events and links', () => {
    const many = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, i) => [`key.${i}`, `v${i}`]),
    );
    const [sample] = fc.sample(arbitrarySpan, { numRuns: 1, seed: 7 });
    const span: Span = {
      ...(sample as Span),
      attributes: many,
      events: Array.from({ length: 10_000 }, (_, i) => ({
        timeUnixNano: BigInt(i),
        name: `event ${i}`,
        attributes: (i % 100 === 0 ? { at: String(i) } : {}) as Record<string, string>,
      })),
      links: Array.from({ length: 10_000 }, (_, i) => ({
        traceId: (i + 1).toString(16).padStart(32, '0'),
        spanId: (i + 1).toString(16).padStart(16, '0'),
        traceState: '',
        attributes: {},
      })),
    };
    const bytes = spanBytes(span);
    const rows = newRows();
    expect(append(rows, bytes)).toEqual([bytes.length]);
    expect(readAll(rows)).toEqual([expectedRow(span, PLACE)]);
  });

  it('reads spans that are more than is held at a time, also one alone', () => {
    const lengths = fc.array(fc.nat(256 * 1024), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(arbitrarySpan, lengths, (span, texts) => {
        const spans = texts.map((length) => ({ ...span, statusMessage: 'x'.repeat(length) }));
        const rows = newRows();
        expect(rows.append(spanBytes(...spans), PLACE)).toBe(spans.length);
        expect(readAll(rows)).toEqual(spans.map((one) => expectedRow(one, PLACE)));
      }),
      { numRuns: 15 },
    );
  });

  it('refuses a span that is larger than any', () => {
    const [sample] = fc.sample(arbitrarySpan, { numRuns: 1, seed: 7 });
    const bytes = spanBytes(
      sample as Span,
      { ...(sample as Span), statusMessage: 'x'.repeat(1024 * 1024) },
      sample as Span,
    );
    const rows = newRows();
    expect([rows.append(bytes, PLACE), rows.reason]).toEqual([1, 'malformed']);
    expect(rows.at).toBe(spanBytes(sample as Span).length);
  });

  it('keeps rows apart that take turns, from one reset to the next', () => {
    const turn = fc.record({ who: fc.nat(2), span: arbitrarySpan, isReset: fc.boolean() });
    fc.assert(
      fc.property(fc.array(turn, { maxLength: 20 }), (turns) => {
        const all = [newRows(), newRows(), newRows()].map((rows) => ({
          rows,
          expected: [] as unknown[][],
        }));
        for (const { who, span, isReset } of turns) {
          const { rows, expected } = all[who] as (typeof all)[number];
          if (isReset) {
            rows.reset();
            expect([rows.rowCount, rows.byteCount]).toEqual([0, 0]);
            expected.length = 0;
          }
          append(rows, spanBytes(span));
          expected.push(expectedRow(span, PLACE));
        }
        for (const { rows, expected } of all) {
          const { byteCount } = rows;
          expect(readAll(rows)).toEqual(expected);
          expect(rows.byteCount).toBe(byteCount);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('has a column for each value', () => {
    const [span] = fc.sample(arbitrarySpan, 1);
    expect(expectedRow(span as Span, PLACE)).toHaveLength(SPAN_COLUMNS.length);
    expect(new Set(SPAN_COLUMNS).size).toBe(SPAN_COLUMNS.length);
  });
});

describe('SpanRows and broken bytes', () => {
  it('refuses every truncation, and leaves the rows as they were', () => {
    fc.assert(
      fc.property(arbitrarySpan, fc.double({ min: 0, max: 1, noNaN: true }), (span, part) => {
        const bytes = spanBytes(span);
        const rows = newRows();
        append(rows, bytes);
        const before = Buffer.from(rows.view());
        const cut = Math.floor(part * (bytes.length - 1));
        // What lies behind the end must not be read: the same bytes, or none.
        expect(append(rows, bytes, 0, cut)).toEqual(cut === 0 ? [] : [-1]);
        const alone = Buffer.from(bytes.subarray(0, cut));
        expect(append(rows, alone)).toEqual(cut === 0 ? [] : [-1]);
        expect(rows.rowCount).toBe(1);
        expect(rows.view().equals(before)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('gives an error or the row of the span that the bytes now say, never something else', () => {
    const flip = fc.record({ at: fc.nat(), bit: fc.nat(7) });
    fc.assert(
      fc.property(arbitrarySpan, fc.array(flip, { minLength: 1, maxLength: 3 }), (span, flips) => {
        const bytes = spanBytes(span);
        for (const { at, bit } of flips) {
          const place = at % bytes.length;
          bytes[place] = (bytes[place] as number) ^ (1 << bit);
        }
        const rows = newRows();
        const [end = -1] = append(rows, bytes);
        if (end < 0) {
          expect([rows.rowCount, rows.byteCount]).toEqual([0, 0]);
          return;
        }
        const [row] = readAll(rows);
        const decoded = referenceSpan(bytes.subarray(0, end));
        const asMaps = (value: unknown): unknown => JSON.stringify(value, jsonMaps);
        // A map with a key twice has both in the row; avsc keeps the last.
        if (hasRepeatedKey(row as unknown[])) return;
        expect(asMaps(row)).toBe(asMaps(expectedRow(decoded, PLACE)));
      }),
      { numRuns: 1000 },
    );
  });

  it('says why', () => {
    const [sample] = fc.sample(arbitrarySpan, { numRuns: 1, seed: 3 });
    const span = sample as Span;
    const reasonOf = (change: object): string => {
      const bytes = spanBytes({ ...span, ...change } as Span);
      const rows = newRows();
      expect(append(rows, bytes)).toEqual([-1]);
      return rows.reason;
    };
    expect(reasonOf({ startUnixNano: -1n })).toBe('start');
    expect(reasonOf({ durationNano: -(2n ** 63n) })).toBe('duration');
    expect(reasonOf({ kind: 6 })).toBe('kind');
    expect(reasonOf({ kind: -1 })).toBe('kind');
    expect(reasonOf({ statusCode: 3 })).toBe('status');
  });

  it('refuses any bytes at all, or reads a span within them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
        const rows = newRows();
        const ends = append(rows, noise).filter((end) => end >= 0);
        expect(readAll(rows)).toHaveLength(ends.length);
        expect(rows.byteCount === 0).toBe(ends.length === 0);
      }),
      { numRuns: 1000 },
    );
  });
});

const isPairs = (value: unknown): value is [string, string][] =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((p) => Array.isArray(p) && p.length === 2);

function hasRepeatedKey(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  if (isPairs(value)) return new Set(value.map(([key]) => key)).size !== value.length;
  return value.some(hasRepeatedKey);
}

/** Pairs in order of key, because objects put keys that look like numbers first; BigInt as text. */
function jsonMaps(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  return isPairs(value) ? [...value].sort(([a], [b]) => (a < b ? -1 : 1)) : value;
}
