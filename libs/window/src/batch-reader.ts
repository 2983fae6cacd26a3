import { type AvroSchema, type Canonicalize, canonicalizer, readWireHeader } from '@spanloom/avro';
import type { LogRecord, SchemaLookUp } from './log';

/** How values of one schema id are read: as they are, through a resolver, or not at all. */
type Layout = 'canonical' | 'unknown' | Canonicalize;

/** Why a record holds no spans to count. */
export type SkipReason = 'tick' | 'not-avro' | 'schema-unknown' | 'malformed';

/** A batch in the canonical layout, or why there is none. */
export type ReadBatch = Buffer | SkipReason;

/** Most schema ids remembered: ids come from the messages, so they are hostile until known. */
const LAYOUTS_MAX = 1000;

/** Gives the canonical batch in a record; a promise only when its schema has to be looked up first. */
export type BatchReader = (record: LogRecord) => ReadBatch | Promise<ReadBatch>;

/**
 * @param canonicalId the registry's id of the canonical SpanBatch schema
 */
export function createBatchReader(registry: SchemaLookUp, canonicalId: number): BatchReader {
  const layouts = new Map<number, Layout>([[canonicalId, 'canonical']]);

  async function learn(schemaId: number): Promise<Layout> {
    const schema = await registry.schemaById(schemaId);
    // Not remembered here: the schema may be registered later, and the registry's client asks again then.
    if (schema === null) return 'unknown';
    const layout = layoutOf(schema as AvroSchema, canonicalId);
    if (layouts.size >= LAYOUTS_MAX) layouts.delete([...layouts.keys()][1] as number);
    layouts.set(schemaId, layout);
    return layout;
  }

  return (record) => {
    const { value } = record;
    if (value === null) return 'tick';
    const header = readWireHeader(value);
    if (header === null) return 'not-avro';
    const layout = layouts.get(header.schemaId);
    if (layout !== undefined) return convert(value, layout);
    return learn(header.schemaId).then((learnt) => convert(value, learnt));
  };
}

function layoutOf(schema: AvroSchema, canonicalId: number): Layout {
  try {
    return canonicalizer(schema, canonicalId) ?? 'canonical';
  } catch {
    return 'unknown'; // not a schema that resolves to ours
  }
}

function convert(value: Buffer, layout: Layout): ReadBatch {
  if (layout === 'canonical') return value;
  if (layout === 'unknown') return 'schema-unknown';
  try {
    return layout(value);
  } catch {
    return 'malformed'; // the value does not decode with the schema it names
  }
}
