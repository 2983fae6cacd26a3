import { type Broker, createErrorFromCode, Encoder, type Protocol } from './internals';
import { KAFKA_CODE } from './kafka-errors';

/** Produce request and response, version 7 (Kafka protocol guide). Brokers from 2.1 to 4.x speak it. */
const PRODUCE_API = { apiKey: 0, apiVersion: 7, apiName: 'Produce' } as const;
const ACKS_ALL = -1;
const NO_TRANSACTION = Buffer.from([0xff, 0xff]);

/** How much longer than the broker's own wait an answer may take, ms. */
const ANSWER_SLACK_MS = 10_000;

/** One record batch on its way. */
export interface OutgoingBatch {
  readonly topic: string;
  readonly partition: number;
  readonly bytes: Buffer;
  /** Set once all in-sync replicas have it. */
  acknowledged: boolean;
}

/**
 * Sends batches to the broker that leads their partitions, marks those that were taken, and throws
 * what the broker said to the first that was not.
 * @param wait_ms_max how long the broker may wait for its replicas
 */
export async function produceTo(
  broker: Broker,
  batches: readonly OutgoingBatch[],
  wait_ms_max: number,
): Promise<void> {
  const protocol: Protocol = {
    request: { ...PRODUCE_API, encode: async () => encodeRequest(batches, wait_ms_max) },
    response: { decode: async (payload) => decodeResponse(payload), parse: async (d) => d },
    requestTimeout: wait_ms_max + ANSWER_SLACK_MS,
  };
  let answers: readonly Answer[];
  try {
    answers = ((await broker.connectionPool.send(protocol)) as Response).answers;
  } catch (error) {
    // As kafkajs' own Broker does: a pool with a closed connection must be closed whole before it connects again.
    if ((error as { name?: unknown }).name === 'KafkaJSConnectionClosedError') {
      await broker.disconnect();
    }
    throw error;
  }
  let refused: number | null = null;
  for (const batch of batches) {
    const { topic, partition } = batch;
    const code = answers.find((a) => a.topic === topic && a.partition === partition)?.errorCode;
    // A repeat of what is there already was taken before.
    if (code === KAFKA_CODE.none || code === KAFKA_CODE.duplicateSequence) {
      batch.acknowledged = true;
    } else refused ??= code ?? KAFKA_CODE.unknown;
  }
  if (refused !== null) throw createErrorFromCode(refused);
}

function encodeRequest(batches: readonly OutgoingBatch[], wait_ms_max: number): Encoder {
  const byTopic = new Map<string, OutgoingBatch[]>();
  for (const batch of batches) {
    const list = byTopic.get(batch.topic);
    if (list === undefined) byTopic.set(batch.topic, [batch]);
    else list.push(batch);
  }
  const bytes = batches.reduce(
    (sum, batch) => sum + batch.bytes.length + batch.topic.length + 64,
    64,
  );
  const encoder = new Encoder(bytes)
    .writeBuffer(NO_TRANSACTION)
    .writeInt16(ACKS_ALL)
    .writeInt32(wait_ms_max)
    .writeInt32(byTopic.size);
  for (const [topic, list] of byTopic) {
    encoder.writeString(topic).writeInt32(list.length);
    for (const batch of list) {
      encoder.writeInt32(batch.partition).writeInt32(batch.bytes.length);
      encoder.writeBuffer(batch.bytes);
    }
  }
  return encoder;
}

interface Answer {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
}

interface Response {
  readonly clientSideThrottleTime: number;
  readonly answers: readonly Answer[];
}

function decodeResponse(payload: Buffer): Response {
  const answers: Answer[] = [];
  let at = 4;
  for (let topics = payload.readInt32BE(0); topics > 0; topics--) {
    const nameEnd = at + 2 + payload.readInt16BE(at);
    const topic = payload.toString('utf8', at + 2, nameEnd);
    at = nameEnd + 4;
    for (let partitions = payload.readInt32BE(nameEnd); partitions > 0; partitions--) {
      answers.push({
        topic,
        partition: payload.readInt32BE(at),
        errorCode: payload.readInt16BE(at + 4),
      });
      at += 4 + 2 + 8 + 8 + 8; // with base offset, append time and log start
    }
  }
  return { clientSideThrottleTime: payload.readInt32BE(at), answers };
}
