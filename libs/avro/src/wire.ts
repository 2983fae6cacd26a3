/** Bytes before the Avro body in the Confluent wire format: magic 0, then the schema id, big-endian. */
export const WIRE_HEADER_BYTES = 5;

/**
 * The Confluent wire-format header.
 * @param schemaId the registry's id of the writer schema
 */
export function wireHeader(schemaId: number): Buffer {
  const header = Buffer.alloc(WIRE_HEADER_BYTES);
  header.writeUInt32BE(schemaId, 1);
  return header;
}

/**
 * Reads the Confluent wire-format header.
 * @returns null when the value is too short or does not begin with the magic byte
 */
export function readWireHeader(value: Buffer): { readonly schemaId: number } | null {
  if (value.length < WIRE_HEADER_BYTES || value[0] !== 0) return null;
  return { schemaId: value.readUInt32BE(1) };
}
