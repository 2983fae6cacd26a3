/** One record as read from a partition. Buffers are views into memory that is used again after the call: copy what must outlive it. */
export interface KafkaRecord {
  /** Offset within the partition. */
  readonly offset: number;
  /** Milliseconds since the epoch; the broker's append time where the topic says LogAppendTime. */
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | undefined>>;
}

/** One record to be written. The partition is always explicit. */
export interface OutgoingRecord {
  readonly partition: number;
  readonly key?: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, Buffer>>;
}

/** A piece of one partition's log. */
export interface LogRange {
  readonly topic: string;
  readonly partition: number;
  /** First offset. */
  readonly from: number;
  /** Offset after the last one. */
  readonly to: number;
}
