import { FrameLease, framePool } from './frame-lease';
import { type Broker, Encoder, type Protocol } from './internals';
import type { KafkaRecord } from './record';
import { type AbortedTransaction, decodeRecordBatches, offsetAfterBatches } from './record-batch';
import { UnpackedBatches } from './unpacked-batches';

/** Fetch request and response, version 11 (Kafka protocol guide). Version 11 is spoken by brokers from 2.3 to 4.x. */
const FETCH_API = { apiKey: 1, apiVersion: 11, apiName: 'Fetch' } as const;

/** Transactional records show up when their transaction is committed; others at once. */
const READ_COMMITTED = 1;

/** How much longer than the broker's own wait an answer may take, ms. */
const ANSWER_SLACK_MS = 10_000;

/** What to fetch of one partition. */
export interface PartitionFetch {
  readonly partition: number;
  readonly offset: number;
}

/** What came of one partition. */
export interface PartitionFetched {
  readonly partition: number;
  /** Kafka's error code; 0 for none. */
  readonly errorCode: number;
  /** −1 with an error. */
  readonly highWatermark: number;
  /** Offset up to which transactions are decided: what can be read ends here. */
  readonly readableEnd: number;
  /** Bytes of the record batches as they came. */
  readonly bytes: number;
  /** Offset after the last whole record batch, markers and aborted ones included; null when there was none. */
  readonly nextOffset: number | null;
  /** Unpacks the records, those at the offset asked for and after it: only when they are needed, because it takes memory. */
  readonly decode: () => Promise<readonly KafkaRecord[]>;
  /** Says that nobody reads the records any more, nor wants to: their memory is used for other answers then. */
  readonly done: () => void;
}

/** Limits of one fetch. */
export interface FetchLimits {
  readonly wait_ms_max: number;
  readonly bytes_min: number;
  readonly bytes_max: number;
  readonly partition_bytes_max: number;
}

/** Asks one broker for records of the partitions it leads. Rejects with kafkajs' error when the request fails as a whole. */
export async function fetchFrom(
  broker: Broker,
  topic: string,
  partitions: readonly PartitionFetch[],
  limits: FetchLimits,
): Promise<readonly PartitionFetched[]> {
  const offsets = new Map(partitions.map((p) => [p.partition, p.offset]));
  const protocol: Protocol = {
    request: { ...FETCH_API, encode: async () => encodeRequest(topic, partitions, limits) },
    response: {
      decode: (payload) => decodeResponse(payload, offsets),
      parse: async (decoded) => decoded,
    },
    requestTimeout: limits.wait_ms_max + ANSWER_SLACK_MS,
  };
  try {
    const response = (await broker.connectionPool.send(protocol)) as FetchResponse;
    return response.partitions;
  } catch (error) {
    // As kafkajs' own Broker does: a pool with a closed connection must be closed whole before it connects again.
    if ((error as { name?: unknown }).name === 'KafkaJSConnectionClosedError') {
      await broker.disconnect();
    }
    throw error;
  }
}

function encodeRequest(
  topic: string,
  partitions: readonly PartitionFetch[],
  limits: FetchLimits,
): Encoder {
  const encoder = new Encoder()
    .writeInt32(-1) // replica id: a consumer
    .writeInt32(limits.wait_ms_max)
    .writeInt32(limits.bytes_min)
    .writeInt32(limits.bytes_max)
    .writeInt8(READ_COMMITTED)
    .writeInt32(0) // session id
    .writeInt32(-1) // session epoch: no session
    .writeInt32(1)
    .writeString(topic)
    .writeInt32(partitions.length);
  for (const { partition, offset } of partitions) {
    encoder
      .writeInt32(partition)
      .writeInt32(-1) // leader epoch: unknown
      .writeInt64(offset)
      .writeInt64(-1) // log start: for followers
      .writeInt32(limits.partition_bytes_max);
  }
  return encoder.writeInt32(0).writeString('');
}

interface FetchResponse {
  readonly clientSideThrottleTime: number;
  readonly partitions: readonly PartitionFetched[];
}

async function decodeResponse(
  payload: Buffer,
  offsets: ReadonlyMap<number, number>,
): Promise<FetchResponse> {
  const reader = new Reader(payload);
  const lease = new FrameLease(payload.buffer, framePool);
  const clientSideThrottleTime = reader.int32();
  reader.int16(); // error code of the session, which we have none of
  reader.int32(); // session id
  const fetched: PartitionFetched[] = [];
  for (let topics = reader.int32(); topics > 0; topics--) {
    reader.skip(reader.int16()); // the name: one topic was asked for
    for (let partitions = reader.int32(); partitions > 0; partitions--) {
      fetched.push(decodePartition(reader, offsets, lease));
    }
  }
  lease.release();
  return { clientSideThrottleTime, partitions: fetched };
}

function decodePartition(
  reader: Reader,
  offsets: ReadonlyMap<number, number>,
  lease: FrameLease,
): PartitionFetched {
  const partition = reader.int32();
  const errorCode = reader.int16();
  const highWatermark = reader.offset();
  const lastStable = reader.offset();
  reader.offset(); // log start: with OFFSET_OUT_OF_RANGE, where it would help, it is −1
  const aborted: AbortedTransaction[] = [];
  for (let n = reader.int32(); n > 0; n--) {
    aborted.push({ producerId: reader.bigint(), firstOffset: reader.offset() });
  }
  reader.int32(); // preferred read replica
  const batches = reader.bytes(reader.int32());
  const readableEnd = lastStable >= 0 ? lastStable : highWatermark;
  const bytes = batches.length;
  const nextOffset = offsetAfterBatches(batches);
  const unpacked = new UnpackedBatches();
  const decode = async (): Promise<readonly KafkaRecord[]> =>
    (await decodeRecordBatches(batches, offsets.get(partition) ?? 0, aborted, unpacked)).records;
  const release = lease.hold();
  const done = (): void => {
    release();
    unpacked.release();
  };
  return { partition, errorCode, highWatermark, readableEnd, bytes, nextOffset, decode, done };
}

/** Reads big-endian fields one after the other. */
class Reader {
  #at = 0;
  constructor(readonly buffer: Buffer) {}

  int16(): number {
    this.#at += 2;
    return this.buffer.readInt16BE(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.buffer.readInt32BE(this.#at - 4);
  }

  bigint(): bigint {
    this.#at += 8;
    return this.buffer.readBigInt64BE(this.#at - 8);
  }

  offset(): number {
    return Number(this.bigint());
  }

  skip(length: number): void {
    this.#at += Math.max(length, 0);
  }

  bytes(length: number): Buffer {
    const start = this.#at;
    this.skip(length);
    return this.buffer.subarray(start, this.#at);
  }
}
