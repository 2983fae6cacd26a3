import { AvroCursor } from './avro-cursor';
import { AvroWriter } from './avro-writer';
import { readWireHeader, WIRE_HEADER_BYTES, wireHeader } from './wire';

/** Why a window closed, in the order of the schema's enum. */
export const CLOSE_REASONS = ['complete', 'idle', 'expired', 'oversize', 'evicted'] as const;
export type CloseReason = (typeof CLOSE_REASONS)[number];

/** Spans of one writer schema inside a fragment: `buffer[start…end)` are their Avro bytes, joined. */
export interface Segment {
  schemaId: number;
  spanCount: number;
  start: number;
  end: number;
}

/** What came in from one range of offsets of a partition of `spans`. */
export interface LedgerEntry {
  readonly atS: number;
  readonly fromOffset: number;
  readonly toOffset: number;
  readonly received: number;
  readonly deadLettered: number;
  readonly sampledOut: number;
  readonly openSpans: number;
}

const FRAGMENT_TAG = 0;
const LEDGER_TAG = 1;

/** Appends a ledger entry as an element of `TraceFragmentBatch.entries`. */
export function writeLedgerEntry(writer: AvroWriter, entry: LedgerEntry): void {
  writer.writeLong(LEDGER_TAG);
  writer.writeLong(entry.atS);
  writer.writeLong(entry.fromOffset);
  writer.writeLong(entry.toOffset);
  writer.writeLong(entry.received);
  writer.writeLong(entry.deadLettered);
  writer.writeLong(entry.sampledOut);
  writer.writeLong(entry.openSpans);
}

/** A fragment's fields without its spans. */
export interface FragmentHeader {
  readonly openedAtS: number;
  readonly closedAtS: number;
  /** Index in {@link CLOSE_REASONS}. */
  readonly reason: number;
  readonly late: boolean;
  readonly spanCount: number;
  readonly duplicateCount: number;
}

/**
 * Appends what precedes the segments of a fragment as an element of `TraceFragmentBatch.entries`.
 * `traceId[at…at+16)` is the id. Segments follow by {@link writeSegmentHeader} and their raw bytes;
 * a zero byte ends them.
 */
export function writeFragmentHeader(
  writer: AvroWriter,
  traceId: Uint8Array,
  at: number,
  header: FragmentHeader,
): void {
  writer.writeLong(FRAGMENT_TAG);
  writer.writeRaw(traceId, at, at + 16);
  writer.writeLong(header.openedAtS);
  writer.writeLong(header.closedAtS);
  writer.writeLong(header.reason);
  writer.writeByte(header.late ? 1 : 0);
  writer.writeLong(header.spanCount);
  writer.writeLong(header.duplicateCount);
}

/** Appends a segment's fields up to its bytes, which the caller writes raw right after. */
export function writeSegmentHeader(
  writer: AvroWriter,
  schemaId: number,
  spanCount: number,
  bytes: number,
): void {
  writer.writeLong(schemaId);
  writer.writeLong(spanCount);
  writer.writeLong(bytes);
}

/** Room before the entries for what precedes them: wire header, partition, first sequence number. */
const HEAD_ROOM_BYTES = WIRE_HEADER_BYTES + 5 + 10;

/** Gathers encoded entries with consecutive sequence numbers into one message of the topic `traces`. */
export class FragmentBatchBuilder {
  private readonly entries = new AvroWriter(256 * 1024);
  private readonly head = new AvroWriter(HEAD_ROOM_BYTES);
  private first = 0;
  private count = 0;

  constructor(private partition: number) {
    this.reset();
  }

  get entryCount(): number {
    return this.count;
  }

  get bytes(): number {
    return this.entries.length - HEAD_ROOM_BYTES;
  }

  /**
   * Begins the next entry, of exactly `bytes`: the caller writes them to the writer it gets, before
   * anything else. `seq` must be the previous entry's plus one.
   */
  begin(seq: number, bytes: number): AvroWriter {
    if (this.count === 0) this.first = seq;
    else if (seq !== this.first + this.count) throw new RangeError(`seq ${seq} out of order`);
    this.entries.writeByte(1); // -1 in zigzag: one entry, and its size follows
    this.entries.writeLong(bytes);
    this.entries.ensure(bytes);
    this.count++;
    return this.entries;
  }

  /** Adds one entry's bytes. */
  add(seq: number, entry: Uint8Array): void {
    this.begin(seq, entry.length).writeRaw(entry);
  }

  /** The message in the Confluent wire format; a copy. */
  finish(schemaId: number): Buffer {
    return Buffer.from(this.view(schemaId));
  }

  /** Like {@link finish} without the copy: valid until the next entry or reset. */
  view(schemaId: number): Buffer {
    const { head, entries } = this;
    head.reset();
    head.writeRaw(wireHeader(schemaId));
    head.writeLong(this.partition);
    head.writeLong(this.first);
    const start = HEAD_ROOM_BYTES - head.length;
    entries.buffer.set(head.view(), start);
    entries.ensure(1);
    entries.buffer[entries.length] = 0; // no further block; written over by the next entry
    return entries.buffer.subarray(start, entries.length + 1);
  }

  /** Begins an empty message, for another partition where one is given. The buffer stays. */
  reset(partition = this.partition): void {
    this.partition = partition;
    this.entries.length = HEAD_ROOM_BYTES;
    this.count = 0;
  }
}

/** What {@link FragmentReader.next} found. */
export type EntryKind = 'fragment' | 'ledger' | 'end' | 'corrupt';

/** Walks over the entries of a message of the topic `traces`; one reader is reused for many messages. */
export class FragmentReader {
  buffer: Buffer = Buffer.alloc(0);
  schemaId = 0;
  partition = 0;
  firstSeq = 0;
  /** Sequence number of the entry found last. */
  seq = 0;
  /** The entry's own bytes: `buffer[entryStart…entryEnd)`. */
  entryStart = 0;
  entryEnd = 0;

  traceIdAt = 0;
  openedAtS = 0;
  closedAtS = 0;
  /** Index in {@link CLOSE_REASONS}. */
  reason = 0;
  late = false;
  spanCount = 0;
  duplicateCount = 0;
  /** The first `segmentCount` elements belong to the entry; the objects are reused. */
  readonly segments: Segment[] = [];
  segmentCount = 0;
  /** The ledger entry found last. */
  ledger: LedgerEntry | null = null;

  private cursor = new AvroCursor(this.buffer, 0, 0);
  private left = 0;

  /** @returns false when the value is no message of this kind */
  reset(value: Buffer): boolean {
    const header = readWireHeader(value);
    this.left = 0;
    if (header === null) return false;
    this.buffer = value;
    this.schemaId = header.schemaId;
    this.cursor = new AvroCursor(value, WIRE_HEADER_BYTES, value.length);
    try {
      this.partition = this.cursor.long();
      this.firstSeq = this.cursor.long();
      this.seq = this.firstSeq - 1;
      return this.partition >= 0 && this.firstSeq > 0;
    } catch {
      return false;
    }
  }

  next(): EntryKind {
    try {
      if (this.left === 0) {
        const count = this.cursor.long();
        if (count === 0) return 'end';
        if (count < 0) this.cursor.long();
        this.left = Math.abs(count);
      }
      this.left--;
      this.seq++;
      return this.readEntry();
    } catch {
      return 'corrupt';
    }
  }

  private readEntry(): EntryKind {
    const cursor = this.cursor;
    this.entryStart = cursor.at;
    const tag = cursor.long();
    if (tag === LEDGER_TAG) {
      this.ledger = {
        atS: cursor.long(),
        fromOffset: cursor.long(),
        toOffset: cursor.long(),
        received: cursor.long(),
        deadLettered: cursor.long(),
        sampledOut: cursor.long(),
        openSpans: cursor.long(),
      };
      this.entryEnd = cursor.at;
      return 'ledger';
    }
    if (tag !== FRAGMENT_TAG) return 'corrupt';
    this.traceIdAt = cursor.skip(16);
    this.openedAtS = cursor.long();
    this.closedAtS = cursor.long();
    this.reason = cursor.long();
    this.late = cursor.boolean();
    this.spanCount = cursor.long();
    this.duplicateCount = cursor.long();
    this.readSegments();
    this.entryEnd = cursor.at;
    return this.reason in CLOSE_REASONS ? 'fragment' : 'corrupt';
  }

  private readSegments(): void {
    const cursor = this.cursor;
    this.segmentCount = 0;
    for (let count = cursor.long(); count !== 0; count = cursor.long()) {
      if (count < 0) cursor.long();
      for (let i = Math.abs(count); i > 0; i--) {
        const schemaId = cursor.long();
        const spanCount = cursor.long();
        const bytes = cursor.long();
        const start = cursor.skip(bytes);
        const segment = this.segmentAt(this.segmentCount++);
        segment.schemaId = schemaId;
        segment.spanCount = spanCount;
        segment.start = start;
        segment.end = start + bytes;
      }
    }
  }

  private segmentAt(index: number): Segment {
    while (this.segments.length <= index) {
      this.segments.push({ schemaId: 0, spanCount: 0, start: 0, end: 0 });
    }
    return this.segments[index] as Segment;
  }
}
