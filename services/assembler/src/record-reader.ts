import { type AvroSchema, type Canonicalize, canonicalizer, readWireHeader } from '@spanloom/avro';
import type { KafkaRecord, Registry } from '@spanloom/kafka';
import { deadRecord, type ScannedRecord, scanRecord } from '@spanloom/window';

/** How values of one schema id are read: as they are, through a resolver, or not at all. */
type Layout = 'canonical' | 'unknown' | Canonicalize;

/** Most schema ids remembered; ids come from the messages, so they are hostile until known. */
const LAYOUTS_MAX = 1000;

/** Reads records of the topic spans, whatever schema they were written with. */
export interface RecordReader {
  /** The scanned record; a promise only when its schema has to be looked up first. */
  read(record: KafkaRecord): ScannedRecord | Promise<ScannedRecord>;
  /** The value in the canonical layout, or the reason why there is none. */
  canonicalValue(record: KafkaRecord): Promise<Buffer | null | string>;
  /** The record as one dead letter. */
  dead(record: KafkaRecord, reason: string): ScannedRecord;
}

/**
 * @param canonicalId the registry's id of the canonical SpanBatch schema
 */
export function createRecordReader(registry: Registry, canonicalId: number): RecordReader {
  const layouts = new Map<number, Layout>([[canonicalId, 'canonical']]);

  async function learn(schemaId: number): Promise<Layout> {
    const schema = await registry.schemaById(schemaId);
    // Not remembered here: the schema may be registered later, and the registry's client asks again then.
    if (schema === null) return 'unknown';
    let layout: Layout;
    try {
      layout = canonicalizer(schema as AvroSchema, canonicalId) ?? 'canonical';
    } catch {
      layout = 'unknown';
    }
    if (layouts.size >= LAYOUTS_MAX) layouts.delete([...layouts.keys()][1] as number);
    layouts.set(schemaId, layout);
    return layout;
  }

  function convert(value: Buffer, layout: Layout): Buffer | string {
    if (layout === 'canonical') return value;
    if (layout === 'unknown') return 'schema-unknown';
    try {
      return layout(value);
    } catch {
      return 'malformed';
    }
  }

  function dead(record: KafkaRecord, reason: string): ScannedRecord {
    return deadRecord(record.offset, record.timestampMs, record.value as Buffer, reason);
  }

  async function canonicalValue(record: KafkaRecord): Promise<Buffer | null | string> {
    if (record.value === null) return null;
    const header = readWireHeader(record.value);
    if (header === null) return 'not-avro';
    return convert(record.value, layouts.get(header.schemaId) ?? (await learn(header.schemaId)));
  }

  async function readUnknown(record: KafkaRecord): Promise<ScannedRecord> {
    const value = await canonicalValue(record);
    if (typeof value === 'string') return dead(record, value);
    return scanRecord(record.offset, record.timestampMs, value);
  }

  return {
    canonicalValue,
    dead,
    read(record) {
      const { value } = record;
      const header = value === null ? null : readWireHeader(value);
      const known = header === null || layouts.get(header.schemaId) === 'canonical';
      return known ? scanRecord(record.offset, record.timestampMs, value) : readUnknown(record);
    },
  };
}
