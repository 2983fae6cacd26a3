import { reference, wireHeader } from '@spanloom/avro';
import { SPAN_KIND_NAMES, STATUS_CODE_NAMES } from '@spanloom/model';
import fc from 'fast-check';
import { PaneRows } from '../src';
import { RowReader } from './row-reader';

const count = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
const id = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((b) => Buffer.from(b));

const pane = fc.record({
  start_s: fc.bigInt({ min: 0n, max: 0xffffffffn }),
  service: fc.string({ unit: 'grapheme' }),
  operation: fc.string({ unit: 'grapheme', maxLength: 300 }),
  kind: fc.integer({ min: 0, max: 5 }),
  status_code: fc.integer({ min: 0, max: 2 }),
  count,
  errors: count,
  sum_nano: fc.double({ noNaN: true }),
  min_nano: fc.double({ noNaN: true }),
  max_nano: fc.double({ noNaN: true }),
  buckets: fc.array(fc.record({ index: fc.integer({ min: -32768, max: 32767 }), count })),
  exemplar_trace_id: id(16),
  exemplar_span_id: id(8),
});
type Pane = typeof pane extends fc.Arbitrary<infer T> ? T : never;

function message(panes: readonly Pane[]): Buffer {
  const batch = { partition: 3, seq: 9n, flushed_at_s: 1_700_000_000n, panes };
  return Buffer.concat([wireHeader(4), reference.latencyPane.toBuffer(batch)]);
}

function expectedRow(p: Pane): unknown[] {
  return [
    Number(p.start_s),
    p.service,
    p.operation,
    SPAN_KIND_NAMES[p.kind],
    STATUS_CODE_NAMES[p.status_code],
    p.count,
    p.errors,
    p.sum_nano,
    p.min_nano,
    p.max_nano,
    p.buckets.map((bucket) => [bucket.index, bucket.count]),
    [p.max_nano, p.exemplar_trace_id.toString('hex'), p.exemplar_span_id.toString('hex')],
    1_700_000_000,
    [[3, 9n]],
  ];
}

function readRow(reader: RowReader): unknown[] {
  const { uint32, text, uint64, float64, int16, uint16, map } = reader;
  return [
    ...[uint32(), text(), text(), text(), text(), uint64(), uint64()],
    ...[float64(), float64(), float64(), map(int16, uint64)],
    [float64(), text(), text()],
    uint32(),
    map(uint16, uint64),
  ];
}

describe('PaneRows', () => {
  it('writes a row with the values of each pane that avsc encoded', () => {
    fc.assert(
      fc.property(fc.array(pane, { maxLength: 20 }), (panes) => {
        const rows = new PaneRows(16);
        expect(rows.open(message(panes))).toBe(true);
        expect(rows).toMatchObject({ partition: 3, seq: 9, flushedAtS: 1_700_000_000 });
        expect(rows.appendOpened()).toBe(panes.length);
        const reader = new RowReader(rows.view());
        expect(panes.map(() => readRow(reader))).toEqual(panes.map(expectedRow));
        expect(reader.done).toBe(true);
        const coarse = new RowReader(rows.tenMinutes.view());
        expect(rows.tenMinutes.rowCount).toBe(panes.length);
        expect(panes.map(() => readRow(coarse))).toEqual(
          panes.map((p) => [
            Number(p.start_s) - (Number(p.start_s) % 600),
            ...expectedRow(p).slice(1),
          ]),
        );
        expect(coarse.done).toBe(true);
      }),
    );
  });

  it('refuses what is cut short, and leaves the rows as they were', () => {
    fc.assert(
      fc.property(fc.array(pane, { minLength: 1, maxLength: 5 }), fc.nat(), (panes, cut) => {
        const rows = new PaneRows(16);
        const whole = message(panes);
        const value = whole.subarray(0, cut % whole.length);
        if (rows.open(value)) expect(rows.appendOpened()).toBe(-1);
        expect([rows.byteCount, rows.tenMinutes.byteCount, rows.tenMinutes.rowCount]).toEqual([
          0, 0, 0,
        ]);
      }),
    );
  });

  it('refuses another kind of message', () => {
    expect(new PaneRows(16).open(Buffer.from('hello, Kafka'))).toBe(false);
  });
});
