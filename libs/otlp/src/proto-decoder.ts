import { UNKNOWN_SERVICE } from './limits';
import { Offsets } from './offsets';
import { type OtlpOutcome, outcomeOf, type RejectReason } from './outcome';
import { avroText, takeReport, writeAttributes, writeServiceName } from './proto-attributes';
import { ProtoCursor } from './proto-cursor';
import { writeEvents, writeLinks } from './proto-nested';
import { ProtoSpan } from './proto-span';
import type { SpanArena } from './span-arena';

const NO_ID = Buffer.alloc(16);
const EMPTY_SCOPE = Buffer.alloc(2);

/** What all spans of a resource share, encoded once. */
interface EncodedResource {
  readonly service: Buffer;
  readonly named: boolean;
  /** The attribute map, or null when it alone is larger than a span may be. */
  readonly attributes: Buffer | null;
}

/**
 * Decodes an ExportTraceServiceRequest (or TracesData) in protobuf into Avro span bytes. One pass
 * notes where a span's fields are, then they are written in Avro's order. Fields may come in any
 * order, and unknown ones are passed over, as protobuf requires.
 */
export class ProtoDecoder {
  private readonly cursor = new ProtoCursor();
  private readonly span: ProtoSpan;
  private readonly nested: Offsets;

  constructor(private readonly arena: SpanArena) {
    this.span = new ProtoSpan(arena.limits);
    this.nested = new Offsets(arena.limits.attributes_max);
  }

  /** Fills the arena, which is reset first. */
  decode(body: Buffer): OtlpOutcome {
    this.arena.reset();
    this.cursor.buffer = body;
    this.cursor.at = 0;
    const outcome = outcomeOf(() => {
      this.eachMessage(10, body.length, (end) => this.resourceSpans(end));
    });
    this.cursor.buffer = NO_ID;
    return outcome;
  }

  /** Calls `read` with the end of each message whose field has this tag; it may move the cursor. */
  private eachMessage(wanted: number, end: number, read: (end: number) => void): void {
    const cursor = this.cursor;
    while (cursor.at < end) {
      const tag = cursor.tag(end);
      if (tag !== wanted) {
        cursor.skip(tag, end);
        continue;
      }
      const stop = cursor.lengthEnd(end);
      read(stop);
      cursor.at = stop;
    }
  }

  private resourceSpans(end: number): void {
    const start = this.cursor.at;
    this.nested.reset();
    this.eachMessage(10, end, (stop) => {
      this.eachMessageAt(10, stop, (at) => this.nested.add(at));
    });
    const { arena } = this;
    const report = takeReport(arena, this.cursor, this.nested, end);
    const resource = this.encodeResource(end);
    const spansBefore = arena.spanCount;
    this.cursor.at = start;
    this.eachMessage(18, end, (stop) => this.scopeSpans(stop, resource));
    arena.groups.add(avroText(resource.service), report, arena.spanCount - spansBefore);
  }

  /** Calls `note` with where the length of each message with this tag stands. */
  private eachMessageAt(wanted: number, end: number, note: (at: number) => void): void {
    const cursor = this.cursor;
    while (cursor.at < end) {
      const tag = cursor.tag(end);
      if (tag === wanted) note(cursor.at);
      cursor.skip(tag, end);
    }
  }

  private encodeResource(end: number): EncodedResource {
    const { arena, cursor, nested } = this;
    const attributes = arena.aside(() => writeAttributes(arena, cursor, nested, end));
    let named = false;
    const service = arena.aside(() => {
      named = writeServiceName(arena, cursor, nested, end);
      if (!named) arena.writer.writeString(UNKNOWN_SERVICE);
      return true;
    }) as Buffer;
    return { service, named, attributes };
  }

  private scopeSpans(end: number, resource: EncodedResource): void {
    const start = this.cursor.at;
    let scope: Buffer = EMPTY_SCOPE;
    this.eachMessage(10, end, (stop) => {
      scope = this.encodeScope(stop);
    });
    this.cursor.at = start;
    this.eachMessage(18, end, (stop) => this.writeSpan(stop, resource, scope));
  }

  private encodeScope(end: number): Buffer {
    const { arena, cursor } = this;
    let nameStart = 0;
    let nameEnd = 0;
    let versionStart = 0;
    let versionEnd = 0;
    while (cursor.at < end) {
      const tag = cursor.tag(end);
      if (tag === 10) {
        nameEnd = cursor.lengthEnd(end);
        nameStart = cursor.at;
        cursor.at = nameEnd;
      } else if (tag === 18) {
        versionEnd = cursor.lengthEnd(end);
        versionStart = cursor.at;
        cursor.at = versionEnd;
      } else {
        cursor.skip(tag, end);
      }
    }
    return arena.aside(() => {
      arena.text(cursor.buffer, nameStart, nameEnd);
      arena.text(cursor.buffer, versionStart, versionEnd);
      return true;
    }) as Buffer;
  }

  private writeSpan(end: number, resource: EncodedResource, scope: Buffer): void {
    const { arena, span } = this;
    span.read(this.cursor, end);
    arena.beginSpan();
    const fault = span.fault(this.cursor.buffer) ?? this.writeFields(end, resource, scope);
    if (fault !== null) {
      arena.reject(fault, () => span.describe(fault));
      return;
    }
    if (!resource.named) arena.unknownServiceCount++;
    arena.endSpan();
  }

  /** The fields in the order of SpanBatch.avsc's Span. */
  private writeFields(end: number, resource: EncodedResource, scope: Buffer): RejectReason | null {
    const { arena, cursor, span } = this;
    const writer = arena.writer;
    const buffer = cursor.buffer;
    const shared = resource.attributes;
    writer.writeRaw(buffer, span.traceAt, span.traceAt + 16);
    writer.writeRaw(buffer, span.spanAt, span.spanAt + 8);
    if (span.parentBytes === 0) writer.writeRaw(NO_ID, 0, 8);
    else writer.writeRaw(buffer, span.parentAt, span.parentAt + 8);
    writer.writeLong64(span.startLo, span.startHi);
    const borrow = span.endLo < span.startLo ? 1 : 0;
    writer.writeLong64((span.endLo - span.startLo) >>> 0, span.endHi - span.startHi - borrow);
    writer.writeLong(span.kind);
    writer.writeLong(span.statusCode);
    writer.writeRaw(resource.service);
    arena.text(buffer, span.nameStart, span.nameEnd);
    arena.text(buffer, span.stateStart, span.stateEnd);
    writer.writeLong(span.flags);
    arena.text(buffer, span.messageStart, span.messageEnd);
    // Asked before the resource is copied, so that spans which can't fit cost little.
    if (shared === null || arena.overSpanLimit(shared.length + scope.length)) return 'too-large';
    writer.writeRaw(scope);
    writer.writeRaw(shared);
    if (!writeAttributes(arena, cursor, span.attributes, end)) return 'too-large';
    if (!writeEvents(arena, cursor, span.events, this.nested, end)) return 'too-large';
    if (!writeLinks(arena, cursor, span.links, this.nested, end)) return 'too-large';
    return arena.overSpanLimit(0) ? 'too-large' : null;
  }
}
