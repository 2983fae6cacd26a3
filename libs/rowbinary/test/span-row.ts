import { SPAN_KIND_NAMES, type Span, STATUS_CODE_NAMES } from '@spanloom/model';
import type { RowReader } from './row-reader';

/** A span's place: the columns that Spanloom adds. */
export interface Place {
  readonly partition: number;
  readonly seq: number;
  readonly storedAtS: number;
}

type Pairs = [string, string][];
const pairsOf = (attributes: Readonly<Record<string, string>>): Pairs => Object.entries(attributes);

/** One row of `otel_traces` as plain values, by column in the order of SPAN_COLUMNS. */
export function expectedRow(span: Span, place: Place): unknown[] {
  return [
    span.traceId,
    span.spanId,
    span.parentSpanId,
    span.startUnixNano,
    span.durationNano,
    SPAN_KIND_NAMES[span.kind],
    STATUS_CODE_NAMES[span.statusCode],
    span.service,
    span.name,
    span.traceState,
    span.flags >>> 0,
    span.statusMessage,
    span.scopeName,
    span.scopeVersion,
    pairsOf(span.resourceAttributes),
    pairsOf(span.attributes),
    span.events.map((event) => event.timeUnixNano),
    span.events.map((event) => event.name),
    span.events.map((event) => pairsOf(event.attributes)),
    span.links.map((link) => link.traceId),
    span.links.map((link) => link.spanId),
    span.links.map((link) => link.traceState),
    span.links.map((link) => pairsOf(link.attributes)),
    place.partition,
    BigInt(place.seq),
    place.storedAtS,
  ];
}

/** Reads one row of `otel_traces`. */
export function readSpanRow(reader: RowReader): unknown[] {
  const { text, array, map, int64, uint64, uint32 } = reader;
  const attributes = () => map(text, text);
  const columns: (() => unknown)[] = [
    ...[text, text, text, int64, uint64, text, text, text, text, text, uint32, text, text, text],
    attributes,
    attributes,
    () => array(int64),
    () => array(text),
    () => array(attributes),
    () => array(text),
    () => array(text),
    () => array(text),
    () => array(attributes),
    reader.uint16,
    uint64,
    uint32,
  ];
  return columns.map((read) => read());
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return Buffer.from([...bytes, left]);
    bytes.push((left % 128) | 128);
  }
}

const text = (value: string): Buffer =>
  Buffer.concat([varint(Buffer.byteLength(value)), Buffer.from(value)]);

const fixed = (size: 2 | 4 | 8, value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return bytes.subarray(0, size);
};

function list(items: readonly unknown[], each: (item: never) => Buffer): Buffer {
  return Buffer.concat([varint(items.length), ...items.map((item) => each(item as never))]);
}

const pairs = (items: readonly [string, string][]): Buffer =>
  list(items, ([key, value]: [string, string]) => Buffer.concat([text(key), text(value)]));

/** The slow and plain encoder: a row of `otel_traces` from its values. */
export function encodeSpanRow(row: readonly unknown[]): Buffer {
  const long = (value: bigint) => fixed(8, value);
  const int = (value: number) => fixed(4, BigInt(value));
  const each: ((value: never) => Buffer)[] = [
    ...[text, text, text, long, long, text, text, text, text, text, int, text, text, text],
    pairs,
    pairs,
    (items: bigint[]) => list(items, long),
    (items: string[]) => list(items, text),
    (items: [string, string][][]) => list(items, pairs),
    (items: string[]) => list(items, text),
    (items: string[]) => list(items, text),
    (items: string[]) => list(items, text),
    (items: [string, string][][]) => list(items, pairs),
    (value: number) => fixed(2, BigInt(value)),
    long,
    int,
  ];
  return Buffer.concat(row.map((value, i) => (each[i] as (v: unknown) => Buffer)(value)));
}
