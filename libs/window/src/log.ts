/** A record of the topic `spans`, as far as the windows depend on it. */
export interface LogRecord {
  readonly offset: number;
  /** Append time, ms since the epoch. */
  readonly timestampMs: number;
  readonly value: Buffer | null;
}

/** One partition of the topic `spans`, to be read outside of any consumer group. */
export interface PartitionLog {
  /** First offset with an append time at or after `timestampMs`; null when there is none. */
  offsetAt(timestampMs: number): Promise<number | null>;
  /** Gives the records with from ≤ offset < to, in order, one call at a time. */
  read(
    from: number,
    to: number,
    onRecords: (records: readonly LogRecord[]) => Promise<void> | void,
  ): Promise<void>;
}

/** Where schemas are looked up by the ids in messages; null for an id that is not known. */
export interface SchemaLookUp {
  schemaById(id: number): Promise<object | null>;
}
