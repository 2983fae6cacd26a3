import {
  AvroCursor,
  type AvroSchema,
  canonicalizer,
  readWireHeader,
  SCAN_CORRUPT,
  SCAN_END,
  SCAN_SPAN,
  SpanScanner,
  WIRE_HEADER_BYTES,
} from '@spanloom/avro';
import type { Registry } from '@spanloom/kafka';

/** A line of what could be read: what it is, and its value. */
export type Decoded = readonly [name: string, value: string];

type FieldReader = (cursor: AvroCursor) => string;

const time: FieldReader = (cursor) => {
  const nanos = cursor.bigLong();
  const date = new Date(Number(nanos / 1_000_000n));
  return Number.isNaN(date.getTime()) ? `${nanos} ns` : `${date.toISOString()} (${nanos} ns)`;
};
const map: FieldReader = (cursor) => JSON.stringify(cursor.map());
const text: FieldReader = (cursor) => JSON.stringify(cursor.text());
const long: FieldReader = (cursor) => cursor.bigLong().toString();

/** Fields of a span in the order of `SpanBatch.avsc`. */
const SPAN_FIELDS: readonly (readonly [string, FieldReader])[] = [
  ['trace id', (cursor) => cursor.hex(16)],
  ['span id', (cursor) => cursor.hex(8)],
  ['parent span id', (cursor) => cursor.hex(8)],
  ['start', time],
  ['duration', (cursor) => `${cursor.bigLong()} ns`],
  ['kind', long],
  ['status code', long],
  ['service', text],
  ['name', text],
  ['trace state', text],
  ['flags', long],
  ['status message', text],
  ['scope name', text],
  ['scope version', text],
  ['resource attributes', map],
  ['attributes', map],
  ['events', (cursor) => String(cursor.array((c) => [c.bigLong(), c.text(), c.map()]).length)],
  [
    'links',
    (cursor) => String(cursor.array((c) => [c.hex(16), c.hex(8), c.text(), c.map()]).length),
  ],
];

/** The fields of one span, up to the first that cannot be read, and what is wrong with it. */
export function decodeSpanFields(raw: Buffer): readonly Decoded[] {
  const cursor = new AvroCursor(raw, 0, raw.length);
  const found: Decoded[] = [];
  for (const [name, read] of SPAN_FIELDS) {
    const at = cursor.at;
    try {
      found.push([name, read(cursor)]);
    } catch (error) {
      found.push([name, `cannot be read at byte ${at}: ${messageOf(error)}`]);
      return found;
    }
  }
  const rest = raw.length - cursor.at;
  if (rest > 0) found.push(['after the span', `${rest} bytes that belong to no field`]);
  return found;
}

/** Spans of a message that are shown one by one. */
const SPANS_SHOWN = 5;

/** What a whole message holds, as far as it can be read; looks its schema up. */
export async function decodeMessage(raw: Buffer, registry: Registry): Promise<readonly Decoded[]> {
  const header = readWireHeader(raw);
  if (header === null) return [['format', `not Avro with a schema id: ${guess(raw)}`]];
  const { schemaId } = header;
  const schema = await registry.schemaById(schemaId);
  if (schema === null) return [['schema', `${schemaId}, which the registry does not know`]];
  try {
    const canonicalize = canonicalizer(schema as AvroSchema, schemaId);
    const layout = canonicalize === null ? '' : ', in another layout than ours';
    const value = canonicalize === null ? raw : canonicalize(raw);
    return [['schema', `${schemaId}${layout}`], ...decodeBatch(value)];
  } catch (error) {
    return [['schema', `${schemaId}, with which the message cannot be read: ${messageOf(error)}`]];
  }
}

function decodeBatch(value: Buffer): readonly Decoded[] {
  const scanner = new SpanScanner();
  const found: Decoded[] = [];
  scanner.reset(value, WIRE_HEADER_BYTES, value.length);
  let spans = 0;
  let good = 0;
  let broken: Decoded | null = null;
  for (let result = scanner.next(); result !== SCAN_END; result = scanner.next()) {
    const { spanStart, spanEnd } = scanner;
    if (result === SCAN_CORRUPT) {
      broken = ['breaks', `at byte ${spanStart} of ${value.length}, in or after span ${spans}`];
      continue;
    }
    const [traceId, spanId] = decodeSpanFields(value.subarray(spanStart, spanEnd));
    const verdict = result === SCAN_SPAN ? 'good' : scanner.reason;
    if (result === SCAN_SPAN) good++;
    if (spans < SPANS_SHOWN) {
      found.push([`span ${spans}`, `${verdict}, trace ${traceId?.[1]}, span ${spanId?.[1]}`]);
    }
    spans++;
  }
  if (spans > SPANS_SHOWN) found.push(['…', `${spans - SPANS_SHOWN} more spans`]);
  found.push(['spans read', `${spans}, of them good: ${good}`]);
  if (broken !== null) found.push(broken);
  return found;
}

/** What bytes that are no Avro of ours look like. */
function guess(raw: Buffer): string {
  if (raw.length === 0) return 'empty';
  const first = raw.subarray(0, 64).toString('utf8').trimStart();
  if (first.startsWith('{') || first.startsWith('[')) return 'it looks like JSON';
  if (raw[0] === 0x1f && raw[1] === 0x8b) return 'it looks like gzip';
  if (raw[0] === 0x0a) return 'it may be OTLP in protobuf';
  return raw.length < WIRE_HEADER_BYTES ? 'too short' : 'it does not begin with the byte 0';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
