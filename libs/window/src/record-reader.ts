import { createBatchReader, type ReadBatch } from './batch-reader';
import type { LogRecord, SchemaLookUp } from './log';
import { deadRecord, type ScannedRecord, scanRecord } from './scan';

/** Reads records of the topic spans, whatever schema they were written with. */
export interface RecordReader {
  /** The scanned record; a promise only when its schema has to be looked up first. */
  read(record: LogRecord): ScannedRecord | Promise<ScannedRecord>;
}

/**
 * @param canonicalId the registry's id of the canonical SpanBatch schema
 */
export function createRecordReader(registry: SchemaLookUp, canonicalId: number): RecordReader {
  const readBatch = createBatchReader(registry, canonicalId);

  function scan({ offset, timestampMs, value }: LogRecord, batch: ReadBatch): ScannedRecord {
    if (typeof batch !== 'string') return scanRecord(offset, timestampMs, batch);
    return value === null
      ? scanRecord(offset, timestampMs, null)
      : deadRecord(offset, timestampMs, value, batch);
  }

  return {
    read(record) {
      const batch = readBatch(record);
      return batch instanceof Promise
        ? batch.then((learnt) => scan(record, learnt))
        : scan(record, batch);
    },
  };
}
