import type { Attributes, Span, SpanEvent, SpanKind, SpanLink, StatusCode } from '@spanloom/model';
import { AvroCursor } from './avro-cursor';
import type { AvroWriter } from './avro-writer';

function writeMap(writer: AvroWriter, attributes: Attributes): void {
  const keys = Object.keys(attributes);
  if (keys.length > 0) {
    writer.writeLong(keys.length);
    for (const key of keys) {
      writer.writeString(key);
      writer.writeString(attributes[key] as string);
    }
  }
  writer.writeByte(0);
}

/** Appends one span in the canonical layout of `SpanBatch.avsc`'s `Span`. */
export function writeSpan(writer: AvroWriter, span: Span): void {
  writer.writeFixedHex(span.traceId, 16);
  writer.writeFixedHex(span.spanId, 8);
  writer.writeFixedHex(span.parentSpanId, 8);
  writer.writeBigLong(span.startUnixNano);
  writer.writeBigLong(span.durationNano);
  writer.writeLong(span.kind);
  writer.writeLong(span.statusCode);
  writer.writeString(span.service);
  writer.writeString(span.name);
  writer.writeString(span.traceState);
  writer.writeLong(span.flags);
  writer.writeString(span.statusMessage);
  writer.writeString(span.scopeName);
  writer.writeString(span.scopeVersion);
  writeMap(writer, span.resourceAttributes);
  writeMap(writer, span.attributes);
  if (span.events.length > 0) writer.writeLong(span.events.length);
  for (const event of span.events) {
    writer.writeBigLong(event.timeUnixNano);
    writer.writeString(event.name);
    writeMap(writer, event.attributes);
  }
  writer.writeByte(0);
  if (span.links.length > 0) writer.writeLong(span.links.length);
  for (const link of span.links) {
    writer.writeFixedHex(link.traceId, 16);
    writer.writeFixedHex(link.spanId, 8);
    writer.writeString(link.traceState);
    writeMap(writer, link.attributes);
  }
  writer.writeByte(0);
}

/**
 * One span's canonical bytes as an object. For read APIs and tests; the hot path carries bytes.
 * @throws RangeError when the bytes end early or a length points outside of them
 */
export function decodeSpan(bytes: Buffer, start = 0, end = bytes.length): Span {
  const cursor = new AvroCursor(bytes, start, end);
  const traceId = cursor.hex(16);
  const spanId = cursor.hex(8);
  const parent = cursor.hex(8);
  return {
    traceId,
    spanId,
    parentSpanId: parent === '0000000000000000' ? '' : parent,
    startUnixNano: cursor.bigLong(),
    durationNano: cursor.bigLong(),
    kind: cursor.long() as SpanKind,
    statusCode: cursor.long() as StatusCode,
    service: cursor.text(),
    name: cursor.text(),
    traceState: cursor.text(),
    flags: cursor.long(),
    statusMessage: cursor.text(),
    scopeName: cursor.text(),
    scopeVersion: cursor.text(),
    resourceAttributes: cursor.map(),
    attributes: cursor.map(),
    events: cursor.array(readEvent),
    links: cursor.array(readLink),
  };
}

function readEvent(cursor: AvroCursor): SpanEvent {
  return { timeUnixNano: cursor.bigLong(), name: cursor.text(), attributes: cursor.map() };
}

function readLink(cursor: AvroCursor): SpanLink {
  return {
    traceId: cursor.hex(16),
    spanId: cursor.hex(8),
    traceState: cursor.text(),
    attributes: cursor.map(),
  };
}
