import type { Compression } from './api';
import { compressionType } from './codecs';
import type { OutgoingRecord } from './record';
import { type DecodedRecords, decodeRecordBatches } from './record-batch';
import { type EncodedBatch, encodeRecordBatch } from './record-batch-writer';

/**
 * Encodes records of one partition into a record batch as the producer sends it; needs no broker.
 * @param now_ms creation time of all records, ms since the epoch
 * @throws SpanloomError('config-invalid') for zstd on a Node that has none
 */
export async function writeWireBatch(
  records: readonly OutgoingRecord[],
  compression: Compression,
  now_ms: number,
): Promise<EncodedBatch> {
  return encodeRecordBatch(records, compressionType(compression), now_ms);
}

/** Decodes record batches as the consumer does, whatever they are compressed with. 'state-corrupt' when lengths don't fit. */
export function readWireBatch(bytes: Buffer): Promise<DecodedRecords> {
  return decodeRecordBatches(bytes, 0, []);
}
