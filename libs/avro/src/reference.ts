import avro from 'avsc';
import { type AvroSchema, SCHEMAS } from './schemas';

/** An avsc type: what decodes and encodes values of one schema on the general path. */
export type AvroType = avro.Type;

/** Avro longs as BigInt, because nanoseconds since 1970 exceed 2^53. */
const bigLong = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(0),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: (value: number | string) => BigInt(value),
  toJSON: (value: bigint) => value.toString(),
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
});

/**
 * The avsc type of a schema, longs as BigInt. Bytes and fixed are Buffers, unions are wrapped only
 * where they must be.
 * @throws Error when it is no valid Avro schema
 */
export function avroType(schema: AvroSchema): AvroType {
  return avro.Type.forSchema(schema as unknown as avro.Schema, { registry: { long: bigLong } });
}

/** The reference that the fast paths are held to. */
export const reference = {
  spanBatch: avroType(SCHEMAS.spanBatch),
  traceFragment: avroType(SCHEMAS.traceFragment),
  latencyPane: avroType(SCHEMAS.latencyPane),
  figureBatch: avroType(SCHEMAS.figureBatch),
  deadLetter: avroType(SCHEMAS.deadLetter),
} as const;
