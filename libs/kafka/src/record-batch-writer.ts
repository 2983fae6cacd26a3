import { codecOf } from './codecs';
import { crc32c } from './crc32c';
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

/**
 * Encodes records into one record batch, magic 2 (Kafka protocol guide, "Record Batch").
 * @param compression its number on the wire
 * @param now_ms creation time of all records, ms since the epoch
 */
export async function encodeRecordBatch(
  records: readonly OutgoingRecord[],
  compression: number,
  now_ms: number,
  { id, epoch, firstSequence }: BatchProducer = NO_PRODUCER,
): Promise<Buffer> {
  const sizes = records.map(recordSize);
  const bytes = sizes.reduce((sum, size) => sum + varintBytes(size) + size, AT.records);
  let batch = Buffer.allocUnsafeSlow(bytes);
  let at: number = AT.records;
  records.forEach((record, i) => {
    at = writeRecord(batch, at, record, i, sizes[i] as number);
  });
  const codec = codecOf(compression);
  if (codec !== undefined) {
    const packed = await codec.compress(batch.subarray(AT.records));
    batch = Buffer.allocUnsafeSlow(AT.records + packed.length);
    packed.copy(batch, AT.records);
  }
  batch.writeBigInt64BE(0n, 0); // base offset: the broker's to give
  batch.writeInt32BE(batch.length - BATCH_PREFIX_BYTES, AT.length);
  batch.writeInt32BE(-1, AT.leaderEpoch);
  batch.writeInt8(MAGIC, AT.magic);
  batch.writeInt16BE(compression, AT.attributes);
  batch.writeInt32BE(records.length - 1, AT.lastOffsetDelta);
  batch.writeBigInt64BE(BigInt(now_ms), AT.baseTimestamp);
  batch.writeBigInt64BE(BigInt(now_ms), AT.maxTimestamp);
  batch.writeBigInt64BE(id, AT.producerId);
  batch.writeInt16BE(epoch, AT.producerEpoch);
  batch.writeInt32BE(firstSequence, AT.baseSequence);
  batch.writeInt32BE(records.length, AT.recordCount);
  batch.writeUInt32BE(crc32c(batch, AT.attributes), AT.crc);
  return batch;
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

function writeRecord(
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
  at = writeField(into, at, record.value);
  const names = record.headers === undefined ? [] : Object.keys(record.headers);
  at = writeVarint(into, at, names.length);
  for (const name of names) {
    at = writeVarint(into, at, Buffer.byteLength(name));
    at += into.write(name, at);
    at = writeField(into, at, record.headers?.[name]);
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
