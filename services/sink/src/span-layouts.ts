import { type AvroSchema, canonicalizer } from '@spanloom/avro';
import type { Registry } from '@spanloom/kafka';
import { SpanloomError } from '@spanloom/runtime';

/** What is known of the schemas that spans in segments were written with. */
export interface SpanLayouts {
  /** Whether spans of the schema can be read as they are; null while it has not been looked up. */
  isReadable(schemaId: number): boolean | null;
  /**
   * Looks a schema up. Throws 'schema-incompatible' when its layout is one that this sink does not
   * know, which only happens when the assembler is newer: reading on would store garbage.
   */
  learn(schemaId: number): Promise<void>;
}

/** Layouts by the registry's ids; an id that the registry does not know is not readable. */
export function createSpanLayouts(registry: Registry): SpanLayouts {
  const readable = new Map<number, boolean>();
  return {
    isReadable: (schemaId) => readable.get(schemaId) ?? null,
    async learn(schemaId) {
      const schema = await registry.schemaById(schemaId);
      if (schema !== null && !isCanonical(schema as AvroSchema)) {
        throw new SpanloomError(
          'schema-incompatible',
          `spans of schema ${schemaId} have a layout that this version does not know: upgrade the sink before the assembler`,
          { details: { schema_id: schemaId } },
        );
      }
      readable.set(schemaId, schema !== null);
    },
  };
}

function isCanonical(schema: AvroSchema): boolean {
  try {
    return canonicalizer(schema, 0) === null;
  } catch {
    return false;
  }
}
