import './native-memory';
import { SpanloomError } from '@spanloom/runtime';
import { compressSync, uncompressSync } from 'snappy';

/** Header of snappy-java's stream, which Kafka's Java clients write: magic, version 1, compatible with 1. */
const HEADER = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
const MAGIC_LENGTH = 8;

/** Largest block that is written; snappy-java's own default. */
const BLOCK_BYTES_MAX = 32 * 1024;

/** Compresses into snappy-java's framing: header, then blocks of (big-endian length, raw snappy). */
export async function snappyCompress(records: Buffer): Promise<Buffer> {
  const parts: Buffer[] = [HEADER];
  for (let at = 0; at < records.length; at += BLOCK_BYTES_MAX) {
    const block = compressSync(records.subarray(at, at + BLOCK_BYTES_MAX));
    const length = Buffer.allocUnsafe(4);
    length.writeInt32BE(block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}

/** Unpacks snappy-java's framing, or raw snappy, as librdkafka and others write it. */
export async function snappyDecompress(records: Buffer): Promise<Buffer> {
  const framed =
    records.length >= HEADER.length &&
    records.compare(HEADER, 0, MAGIC_LENGTH, 0, MAGIC_LENGTH) === 0;
  if (!framed) return unpack(records);
  const parts: Buffer[] = [];
  for (let at = HEADER.length; at < records.length; ) {
    const length = at + 4 <= records.length ? records.readInt32BE(at) : -1;
    at += 4;
    if (length < 0 || at + length > records.length) {
      throw new SpanloomError('state-corrupt', 'a snappy block reaches past its record batch');
    }
    parts.push(unpack(records.subarray(at, at + length)));
    at += length;
  }
  return Buffer.concat(parts);
}

function unpack(block: Buffer): Buffer {
  return uncompressSync(block, { asBuffer: true }) as Buffer;
}
