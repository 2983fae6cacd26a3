import type { OtlpLimits } from './limits';
import { Offsets } from './offsets';
import type { RejectReason } from './outcome';
import type { ProtoCursor } from './proto-cursor';

/**
 * Where the fields of one Span message are, noted in one pass over it so that they can be written
 * in Avro's order. Reused from span to span; no object is made per field or attribute.
 */
export class ProtoSpan {
  traceAt = 0;
  traceBytes = 0;
  spanAt = 0;
  spanBytes = 0;
  parentAt = 0;
  parentBytes = 0;
  stateStart = 0;
  stateEnd = 0;
  nameStart = 0;
  nameEnd = 0;
  messageStart = 0;
  messageEnd = 0;
  startLo = 0;
  startHi = 0;
  endLo = 0;
  endHi = 0;
  kind = 0;
  statusCode = 0;
  flags = 0;
  readonly attributes: Offsets;
  readonly events: Offsets;
  readonly links: Offsets;

  constructor(limits: OtlpLimits) {
    this.attributes = new Offsets(limits.attributes_max);
    this.events = new Offsets(limits.events_max);
    this.links = new Offsets(limits.links_max);
  }

  private reset(): void {
    this.traceBytes = this.spanBytes = this.parentBytes = 0;
    this.stateStart = this.stateEnd = this.nameStart = this.nameEnd = 0;
    this.messageStart = this.messageEnd = 0;
    this.startLo = this.startHi = this.endLo = this.endHi = 0;
    this.kind = this.statusCode = this.flags = 0;
    this.attributes.reset();
    this.events.reset();
    this.links.reset();
  }

  /** Notes the fields between the cursor and `end`. Of a field that came twice the last counts. */
  read(cursor: ProtoCursor, end: number): void {
    this.reset();
    while (cursor.at < end) {
      const tag = cursor.tag(end);
      switch (tag) {
        case 74: // attributes
          this.attributes.add(cursor.at);
          cursor.at = cursor.lengthEnd(end);
          break;
        case 10: {
          const stop = cursor.lengthEnd(end);
          this.traceAt = cursor.at;
          this.traceBytes = stop - cursor.at;
          cursor.at = stop;
          break;
        }
        case 18: {
          const stop = cursor.lengthEnd(end);
          this.spanAt = cursor.at;
          this.spanBytes = stop - cursor.at;
          cursor.at = stop;
          break;
        }
        case 26:
          this.stateEnd = cursor.lengthEnd(end);
          this.stateStart = cursor.at;
          cursor.at = this.stateEnd;
          break;
        case 34: {
          const stop = cursor.lengthEnd(end);
          this.parentAt = cursor.at;
          this.parentBytes = stop - cursor.at;
          cursor.at = stop;
          break;
        }
        case 42:
          this.nameEnd = cursor.lengthEnd(end);
          this.nameStart = cursor.at;
          cursor.at = this.nameEnd;
          break;
        case 48: // kind: an unknown number is "unspecified"
          cursor.varint(end);
          this.kind = cursor.hi === 0 && cursor.lo <= 5 ? cursor.lo : 0;
          break;
        case 57:
          cursor.fixed64(end);
          this.startLo = cursor.lo;
          this.startHi = cursor.hi;
          break;
        case 65:
          cursor.fixed64(end);
          this.endLo = cursor.lo;
          this.endHi = cursor.hi;
          break;
        case 90:
          this.events.add(cursor.at);
          cursor.at = cursor.lengthEnd(end);
          break;
        case 106:
          this.links.add(cursor.at);
          cursor.at = cursor.lengthEnd(end);
          break;
        case 122:
          this.readStatus(cursor, cursor.lengthEnd(end));
          break;
        case 133:
          this.flags = cursor.fixed32(end) | 0;
          break;
        default:
          cursor.skip(tag, end);
      }
    }
  }

  private readStatus(cursor: ProtoCursor, end: number): void {
    while (cursor.at < end) {
      const tag = cursor.tag(end);
      if (tag === 18) {
        this.messageEnd = cursor.lengthEnd(end);
        this.messageStart = cursor.at;
        cursor.at = this.messageEnd;
      } else if (tag === 24) {
        cursor.varint(end); // an unknown code is "unset"
        this.statusCode = cursor.hi === 0 && cursor.lo <= 2 ? cursor.lo : 0;
      } else {
        cursor.skip(tag, end);
      }
    }
  }

  /** Why the span can't be taken, or null. */
  fault(buffer: Buffer): RejectReason | null {
    if (this.traceBytes !== 16 || allZero(buffer, this.traceAt, 16)) return 'trace-id';
    if (this.spanBytes !== 8 || allZero(buffer, this.spanAt, 8)) return 'span-id';
    if (this.parentBytes !== 8 && this.parentBytes !== 0) return 'parent-id';
    if (this.startHi >= 0x80000000) return 'start';
    const endsFirst =
      this.endHi < this.startHi || (this.endHi === this.startHi && this.endLo < this.startLo);
    return endsFirst || this.endHi >= 0x80000000 ? 'duration' : null;
  }

  /** What was wrong, for the sender. */
  describe(reason: RejectReason): string {
    switch (reason) {
      case 'trace-id':
        return idFault('trace_id', 16, this.traceBytes);
      case 'span-id':
        return idFault('span_id', 8, this.spanBytes);
      case 'parent-id':
        return `parent_span_id has ${this.parentBytes} bytes, not 8`;
      default:
        return REASON_TEXTS[reason];
    }
  }
}

/** The message for each reason that needs no figures. */
export const REASON_TEXTS = {
  start: 'start_time_unix_nano is past the year 2262',
  duration: 'end_time_unix_nano is before start_time_unix_nano, or past the year 2262',
  'too-large': 'the span encodes to more bytes than allowed',
} as const;

/** The message for an id that has the wrong length, or is all zeros. */
export function idFault(field: string, wanted_bytes: number, bytes: number): string {
  if (bytes === wanted_bytes) return `${field} is all zeros`;
  return `${field} has ${bytes} bytes, not ${wanted_bytes}`;
}

function allZero(buffer: Buffer, start: number, bytes: number): boolean {
  for (let i = 0; i < bytes; i++) if (buffer[start + i] !== 0) return false;
  return true;
}
