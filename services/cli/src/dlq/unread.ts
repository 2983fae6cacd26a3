import {
  AvroCursor,
  AvroWriter,
  SCAN_CORRUPT,
  SCAN_END,
  SCAN_SPAN,
  SpanScanner,
  WIRE_HEADER_BYTES,
} from '@spanloom/avro';

/** A span of a message by its place in it and its identity. */
export interface FoundSpan {
  readonly start: number;
  readonly end: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly kind: number;
}

/** A message in the canonical layout, as far as it can be read now. */
export interface ReadMessage {
  readonly spans: readonly FoundSpan[];
  /** Where it cannot be read from on: the block's or span's first byte; null when all of it can be read. */
  readonly brokenAt: number | null;
  /** Spans from there on in a block without a size; 0 when a block begins there. */
  readonly unreadSpans: number;
}

/**
 * Reads the good spans of a `SpanBatch` message up to where it breaks.
 * @param excluded positions to leave out: spans that have letters of their own
 */
export function readMessage(value: Buffer, excluded: ReadonlySet<number>): ReadMessage {
  const scanner = new SpanScanner();
  const spans: FoundSpan[] = [];
  scanner.reset(value, WIRE_HEADER_BYTES, value.length);
  let index = 0;
  for (let found = scanner.next(); found !== SCAN_END; found = scanner.next()) {
    const { spanStart, spanEnd, unreadSpans } = scanner;
    if (found === SCAN_CORRUPT) return { spans, brokenAt: spanStart, unreadSpans };
    if (found === SCAN_SPAN && !excluded.has(index)) {
      spans.push({
        start: spanStart,
        end: spanEnd,
        traceId: value.toString('hex', scanner.traceIdAt, scanner.traceIdAt + 16),
        spanId: value.toString('hex', scanner.spanIdAt, scanner.spanIdAt + 8),
        kind: scanner.kind,
      });
    }
    index++;
  }
  return { spans, brokenAt: null, unreadSpans: 0 };
}

/**
 * The message without the spans that need not be sent again: the chosen ones, each in a block of its own,
 * then what cannot be read, as it was. Null when nothing is left.
 */
export function withoutSpans(
  value: Buffer,
  message: ReadMessage,
  keep: (span: FoundSpan) => boolean,
): Buffer | null {
  const kept = message.spans.filter(keep);
  if (kept.length === 0 && message.brokenAt === null) return null;
  const sentAt = new AvroCursor(value, WIRE_HEADER_BYTES, value.length);
  let bodyAt = value.length;
  try {
    sentAt.bigLong();
    bodyAt = sentAt.at;
  } catch {
    return value; // it breaks before the first span: nothing of it was read
  }
  const writer = new AvroWriter(value.length + 64);
  writer.writeRaw(value, 0, bodyAt);
  for (const { start, end } of kept) {
    writer.writeByte(1); // -1 in zigzag: one span, and its size follows
    writer.writeBytes(value, start, end);
  }
  if (message.brokenAt === null) writer.writeByte(0);
  else {
    if (message.unreadSpans > 0) writer.writeLong(message.unreadSpans);
    writer.writeRaw(value, message.brokenAt, value.length);
  }
  return writer.take();
}
