/** kafkajs' own encoders of records, against which the decoder is tested. */

declare module 'kafkajs/src/protocol/recordBatch/record/v0' {
  function encodeRecord(record: {
    readonly offsetDelta: number;
    readonly timestampDelta: number;
    readonly key: Buffer | null;
    readonly value: Buffer | null;
    readonly headers: Readonly<Record<string, Buffer>>;
  }): unknown;
  export = encodeRecord;
}

declare module 'kafkajs/src/protocol/recordBatch/v0' {
  export function RecordBatch(batch: {
    readonly firstTimestamp: number;
    readonly maxTimestamp: number;
    readonly lastOffsetDelta: number;
    readonly records: readonly unknown[];
    readonly firstOffset?: number;
    readonly compression?: number;
    readonly producerId?: number;
    readonly transactional?: boolean;
  }): Promise<{ readonly buffer: Buffer }>;
}

declare module 'kafkajs/src/protocol/recordBatch/crc32C' {
  function crc32C(bytes: Buffer): number;
  export = crc32C;
}
