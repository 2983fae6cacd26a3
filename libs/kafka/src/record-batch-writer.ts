import { crc32c } from '@node-rs/crc32';
import { codecOf } from './codecs';
import type { OutgoingRecord } from './record';
import { BATCH_AT as AT, BATCH_PREFIX_BYTES } from './record-batch';

const MAGIC = 2;
/** No idempotent producer: id, epoch and sequence are −1. */
const NO_PRODUCER = { id: -1n, epoch: -1, firstSequence: -1 } as const;

/** Who writes a batch: the broker drops a batch whose sequence it has seen from this producer. */
export interface BatchProducer {
  readonly id: bigint;
  readonly epoch: number;
  /** Counts the records of the partition. */
  readonly firstSequence: number;
}

/** A record batch in pieces: values from {@link OWN_PIECE_BYTES} on are the caller's own buffers. */
export interface EncodedBatch {
  readonly pieces: readonly Buffer[];
  /** Bytes of all pieces. */
  readonly length: number;
}

/** A value this large is not copied; a smaller one costs less to copy than to write by itself. */
const OWN_PIECE_BYTES = 4096;

/**
 * Encodes records into one record batch, magic 2 (Kafka protocol guide, "Record Batch").
 * @param compression its number on the wire
 * @param now_ms creation time of all records, ms since the epoch
 */
export async function encodeRecordBatch(
  records: readonly OutgoingRecord[],
  compression: number,
  now_ms: number,
  producer: BatchProducer = NO_PRODUCER,
): Promise<EncodedBatch> {
  const [head, ...rest] = writeRecords(records) as [Buffer, ...Buffer[]];
  let pieces = [head, ...rest];
  const codec = codecOf(compression);
  if (codec !== undefined) {
    const plain = Buffer.concat([head.subarray(AT.records), ...rest]);
    pieces = [head.subarray(0, AT.records), await codec.compress(plain)];
  }
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  writeBatchHead(head, length, records.length, compression, now_ms, producer);
  let sum = crc32c((pieces[0] as Buffer).subarray(AT.attributes));
  for (let i = 1; i < pieces.length; i++) sum = crc32c(pieces[i] as Buffer, sum);
  head.writeUInt32BE(sum, AT.crc);
  return { pieces, length };
}

function writeBatchHead(
  head: Buffer,
  length: number,
  records: number,
  compression: number,
  now_ms: number,
  { id, epoch, firstSequence }: BatchProducer,
): void {
  head.writeBigInt64BE(0n, 0); // base offset: the broker's to give
  head.writeInt32BE(length - BATCH_PREFIX_BYTES, AT.length);
  head.writeInt32BE(-1, AT.leaderEpoch);
  head.writeInt8(MAGIC, AT.magic);
  head.writeInt16BE(compression, AT.attributes);
  head.writeInt32BE(records - 1, AT.lastOffsetDelta);
  head.writeBigInt64BE(BigInt(now_ms), AT.baseTimestamp);
  head.writeBigInt64BE(BigInt(now_ms), AT.maxTimestamp);
  head.writeBigInt64BE(id, AT.producerId);
  head.writeInt16BE(epoch, AT.producerEpoch);
  head.writeInt32BE(firstSequence, AT.baseSequence);
  head.writeInt32BE(records, AT.recordCount);
}

/** Pieces of a batch; the first begins with room for the batch's head. */
function writeRecords(records: readonly OutgoingRecord[]): Buffer[] {
  const sizes = records.map(recordSize);
  let bytes: number = AT.records;
  records.forEach((record, i) => {
    const size = sizes[i] as number;
    bytes += varintBytes(size) + size - ownPieceBytes(record);
  });
  const copied = Buffer.allocUnsafeSlow(bytes);
  const pieces: Buffer[] = [];
  let at: number = AT.records;
  let from = 0;
  records.forEach((record, i) => {
    at = writeRecordHead(copied, at, record, i, sizes[i] as number);
    if (ownPieceBytes(record) > 0) {
      pieces.push(copied.subarray(from, at), record.value as Buffer);
      from = at;
    } else if (record.value !== null) {
      copied.set(record.value, at);
      at += record.value.length;
    }
    at = writeHeaders(copied, at, record);
  });
  if (from < at) pieces.push(copied.subarray(from, at));
  return pieces;
}

function ownPieceBytes({ value }: OutgoingRecord): number {
  return value !== null && value.length >= OWN_PIECE_BYTES ? value.length : 0;
}

/** Bytes of a record after its own length. */
function recordSize(record: OutgoingRecord, index: number): number {
  let bytes = 1 + 1 + varintBytes(index) + fieldBytes(record.key) + fieldBytes(record.value);
  let headers = 0;
  for (const name in record.headers) {
    headers++;
    const nameBytes = Buffer.byteLength(name);
    bytes += varintBytes(nameBytes) + nameBytes + fieldBytes(record.headers[name]);
  }
  bytes += varintBytes(headers);
  return bytes;
}

/** Writes a record up to its value's bytes. */
function writeRecordHead(
  into: Buffer,
  start: number,
  record: OutgoingRecord,
  index: number,
  size: number,
): number {
  let at = writeVarint(into, start, size);
  into[at++] = 0; // attributes: unused by the format
  into[at++] = 0; // milliseconds since the batch's time
  at = writeVarint(into, at, index);
  at = writeField(into, at, record.key);
  return writeVarint(into, at, record.value === null ? -1 : record.value.length);
}

function writeHeaders(into: Buffer, start: number, { headers }: OutgoingRecord): number {
  const names = headers === undefined ? [] : Object.keys(headers);
  let at = writeVarint(into, start, names.length);
  for (const name of names) {
    at = writeVarint(into, at, Buffer.byteLength(name));
    at += into.write(name, at);
    at = writeField(into, at, headers?.[name]);
  }
  return at;
}

function fieldBytes(field: Buffer | null | undefined): number {
  return field === null || field === undefined ? 1 : varintBytes(field.length) + field.length;
}

function writeField(into: Buffer, at: number, field: Buffer | null | undefined): number {
  if (field === null || field === undefined) return writeVarint(into, at, -1);
  const start = writeVarint(into, at, field.length);
  into.set(field, start);
  return start + field.length;
}

/** Bytes of a 32-bit number in the record format: zig-zag, seven bits a byte. */
function varintBytes(value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  let bytes = 1;
  for (; rest > 127; rest >>>= 7) bytes++;
  return bytes;
}

function writeVarint(into: Buffer, start: number, value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  let at = start;
  for (; rest > 127; rest >>>= 7) into[at++] = (rest & 127) | 128;
  into[at++] = rest;
  return at;
}
