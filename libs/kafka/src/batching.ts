import { SpanloomError } from '@spanloom/runtime';
import type { OutgoingRecord } from './record';

/** Bytes of a record batch before its records. */
const BATCH_OVERHEAD_BYTES = 61;
/** Most bytes of a record besides key, value and headers: length, attributes, deltas, key, value and header counts. */
const RECORD_OVERHEAD_BYTES = 5 + 1 + 10 + 5 + 5 + 5 + 5;
/** Most bytes of a header besides its name and value: two lengths. */
const HEADER_OVERHEAD_BYTES = 10;

/** Upper bound of a record's size in an uncompressed batch, in bytes. */
export function recordBytes(record: OutgoingRecord): number {
  let bytes = RECORD_OVERHEAD_BYTES + (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const name in record.headers) {
    const value = record.headers[name]?.length ?? 0;
    bytes += HEADER_OVERHEAD_BYTES + Buffer.byteLength(name) + value;
  }
  return bytes;
}

/** Limits of one produce request. */
export interface RequestLimits {
  /** Most bytes of a partition's record batch. */
  readonly batch_bytes_max: number;
  /** Most bytes of all batches of a request; a single batch may still use `batch_bytes_max`. */
  readonly request_bytes_max: number;
}

/**
 * Fills one produce request from the front of a queue. All records of a request that go to one partition become one
 * record batch, so a request ends where a batch or the request would get too large.
 */
export class RequestFiller {
  readonly #limits: RequestLimits;
  readonly #batches = new Map<string, number>();
  #bytes = 0;

  constructor(limits: RequestLimits) {
    this.#limits = limits;
  }

  /** Whether the record still fits; then it is counted. The first record of a request always fits. */
  add(topic: string, record: OutgoingRecord): boolean {
    const bytes = recordBytes(record);
    const key = `${topic}/${record.partition}`;
    const batch = this.#batches.get(key);
    const first = this.#bytes === 0;
    const added = batch === undefined ? bytes + BATCH_OVERHEAD_BYTES : bytes;
    if (!first) {
      if ((batch ?? 0) + added > this.#limits.batch_bytes_max) return false;
      if (this.#bytes + added > this.#limits.request_bytes_max) return false;
    }
    this.#batches.set(key, (batch ?? 0) + added);
    this.#bytes += added;
    return true;
  }
}

/** SpanloomError('kafka-fatal') for a record that no batch can hold. */
export function refuseOversized(
  topic: string,
  records: readonly OutgoingRecord[],
  batch_bytes_max: number,
): void {
  for (const record of records) {
    const bytes = recordBytes(record) + BATCH_OVERHEAD_BYTES;
    if (bytes <= batch_bytes_max) continue;
    throw new SpanloomError(
      'kafka-fatal',
      `a record of ${bytes} bytes for ${topic}/${record.partition} is over message_bytes_max (${batch_bytes_max})`,
      {
        details: { topic, partition: record.partition, bytes, message_bytes_max: batch_bytes_max },
      },
    );
  }
}
