import { type AvroSchema, canonicalizer } from '@spanloom/avro';
import type { Registry } from '@spanloom/kafka';

/** Which schemas' spans can be read as they are. */
export interface ReadableSchemas {
  has(schemaId: number): boolean;
  /** Looks up those of which nothing is known yet. */
  learn(schemaIds: Iterable<number>): Promise<void>;
}

/** Schemas by the registry's ids: those of the canonical layout are readable. */
export function createReadableSchemas(registry: Registry): ReadableSchemas {
  const readable = new Map<number, boolean>();
  return {
    has: (schemaId) => readable.get(schemaId) === true,
    async learn(schemaIds) {
      for (const schemaId of schemaIds) {
        if (readable.has(schemaId)) continue;
        const schema = await registry.schemaById(schemaId);
        readable.set(schemaId, schema !== null && isCanonical(schema as AvroSchema));
      }
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
