import { SpanloomError } from '@spanloom/runtime';
import { codecOf } from './codecs';
import type { KafkaRecord } from './record';
import { UnpackedBatches } from './unpacked-batches';

/** Layout of a record batch, magic 2 (Kafka protocol guide, "Record Batch"): byte offsets of its fields. */
export const BATCH_AT = {
  length: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordCount: 57,
  records: 61,
} as const;
const AT = BATCH_AT;

/** Bytes before the ones that `length` counts: base offset and length itself. */
export const BATCH_PREFIX_BYTES = 12;
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
/** Least bytes of a record: no key, no value, no headers. */
const RECORD_BYTES_MIN = 7;

const NO_HEADERS: Readonly<Record<string, Buffer | undefined>> = Object.freeze({});

/** A transaction that was aborted: its records from `firstOffset` to its abort marker don't count. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

/** What a partition's part of a fetch response holds. */
export interface DecodedRecords {
  readonly records: KafkaRecord[];
  /** Offset after the last whole record batch, markers and aborted ones included; null when there was none. */
  readonly nextOffset: number | null;
}

/**
 * Decodes record batches into records with offset ≥ `fromOffset`, in order. Keys, values and headers are views
 * of `bytes` where it is not compressed. A batch that is cut off at the end is left out (the broker cuts at its
 * byte limit). CRCs are not checked: TCP and the broker did. 'state-corrupt' when lengths don't fit.
 * @param into where compressed batches are unpacked: valid until it is released
 */
export async function decodeRecordBatches(
  bytes: Buffer,
  fromOffset: number,
  aborted: readonly AbortedTransaction[],
  into = new UnpackedBatches(),
): Promise<DecodedRecords> {
  const records: KafkaRecord[] = [];
  const open = new AbortedProducers(aborted);
  let nextOffset: number | null = null;
  for (const { at, end, baseOffset, nextOffset: next } of wholeBatches(bytes)) {
    nextOffset = next;
    const attributes = bytes.readInt16BE(at + AT.attributes);
    if (next > fromOffset && open.counts(bytes, at, baseOffset, attributes)) {
      const body = bytes.subarray(at + AT.records, end);
      const codec = codecOf(attributes);
      const plain = codec === undefined ? body : await codec.decompress(body, into);
      decodeRecords(plain, bytes, at, baseOffset, attributes, fromOffset, records);
    }
  }
  return { records, nextOffset };
}

/** Offset after the last whole record batch in `bytes`, by their heads alone; null when there is none. 'state-corrupt' likewise. */
export function offsetAfterBatches(bytes: Buffer): number | null {
  let last: number | null = null;
  for (const { nextOffset } of wholeBatches(bytes)) last = nextOffset;
  return last;
}

/** A record batch that is there as a whole. */
interface WholeBatch {
  /** Where it begins and ends. */
  readonly at: number;
  readonly end: number;
  /** Offset of its first record, and the one after its last. */
  readonly baseOffset: number;
  readonly nextOffset: number;
}

function* wholeBatches(bytes: Buffer): Generator<WholeBatch> {
  for (let at = 0; at + AT.records <= bytes.length; ) {
    const end = at + BATCH_PREFIX_BYTES + bytes.readInt32BE(at + AT.length);
    if (end > bytes.length) return;
    if (end < at + AT.records || bytes[at + AT.magic] !== 2) corrupt('no batch of format 2');
    const baseOffset = readOffset(bytes, at);
    const nextOffset = baseOffset + bytes.readInt32BE(at + AT.lastOffsetDelta) + 1;
    yield { at, end, baseOffset, nextOffset };
    at = end;
  }
}

/** Follows which producers' records belong to an aborted transaction, while batches go by in order. */
class AbortedProducers {
  readonly #waiting: AbortedTransaction[];
  readonly #open = new Set<bigint>();

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#waiting = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset);
  }

  /** Whether the batch at `at` holds records for the reader: no control marker, not aborted. */
  counts(bytes: Buffer, at: number, baseOffset: number, attributes: number): boolean {
    if ((attributes & TRANSACTIONAL) === 0) return (attributes & CONTROL) === 0;
    while (this.#waiting.length > 0 && (this.#waiting[0]?.firstOffset ?? 0) <= baseOffset) {
      const transaction = this.#waiting.shift();
      if (transaction !== undefined) this.#open.add(transaction.producerId);
    }
    const producerId = bytes.readBigInt64BE(at + AT.producerId);
    if ((attributes & CONTROL) === 0) return !this.#open.has(producerId);
    // A producer's marker ends its transaction, whether it aborted or committed.
    this.#open.delete(producerId);
    return false;
  }
}

/** Varints of the record format: zig-zag, least significant group first. One cursor, so no object per field. */
let cursor = 0;

function readVarint(bytes: Buffer): number {
  let value = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[cursor++];
    if (byte === undefined) corrupt('a number is cut off');
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
  }
  return corrupt('a number is too long');
}

/** A varint of up to 64 bits as a number; exact up to 2^53, which milliseconds stay under. */
function readVarlong(bytes: Buffer): number {
  let value = 0;
  for (let scale = 1; scale < 2 ** 70; scale *= 128) {
    const byte = bytes[cursor++];
    if (byte === undefined) corrupt('a number is cut off');
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
  return corrupt('a number is too long');
}

function readBytes(bytes: Buffer): Buffer | null {
  const length = readVarint(bytes);
  if (length < 0) return null;
  const start = cursor;
  cursor += length;
  if (cursor > bytes.length) corrupt('a key or value reaches past its batch');
  return bytes.subarray(start, cursor);
}

function decodeRecords(
  plain: Buffer,
  batch: Buffer,
  at: number,
  baseOffset: number,
  attributes: number,
  fromOffset: number,
  into: KafkaRecord[],
): void {
  const count = batch.readInt32BE(at + AT.recordCount);
  if (count < 0 || count * RECORD_BYTES_MIN > plain.length) corrupt('more records than bytes');
  const appended = (attributes & LOG_APPEND_TIME) !== 0;
  const base_ms = readOffset(batch, at + (appended ? AT.maxTimestamp : AT.baseTimestamp));
  cursor = 0;
  for (let i = 0; i < count; i++) {
    const length = readVarint(plain);
    const end = cursor + length;
    if (length < 0 || end > plain.length) corrupt('a record reaches past its batch');
    cursor++; // attributes of the record: unused by the format
    const delta_ms = readVarlong(plain);
    const offset = baseOffset + readVarint(plain);
    if (offset >= fromOffset) {
      into.push({
        offset,
        timestampMs: appended ? base_ms : base_ms + delta_ms,
        key: readBytes(plain),
        value: readBytes(plain),
        headers: readHeaders(plain),
      });
      if (cursor > end) corrupt('a record is longer than it says');
    }
    cursor = end;
  }
}

function readHeaders(plain: Buffer): Readonly<Record<string, Buffer | undefined>> {
  const count = readVarint(plain);
  if (count <= 0) return NO_HEADERS;
  const headers: Record<string, Buffer | undefined> = {};
  for (let i = 0; i < count; i++) {
    const key = readBytes(plain) ?? corrupt('a header without name');
    const value = readBytes(plain);
    headers[key.toString('utf8')] = value ?? undefined;
  }
  return headers;
}

/** A signed 64-bit integer that is known to be small (offsets, milliseconds). */
function readOffset(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}

function corrupt(what: string): never {
  throw new SpanloomError('state-corrupt', `a fetched record batch is broken: ${what}`);
}
