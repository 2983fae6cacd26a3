import { type Broker, createErrorFromCode } from './internals';
import { KAFKA_CODE } from './kafka-errors';
import { sendPieces } from './lean-connection';
import type { EncodedBatch } from './record-batch-writer';

/** Produce request and response, version 7 (Kafka protocol guide). Brokers from 2.1 to 4.x speak it. */
const PRODUCE_API = { apiKey: 0, apiVersion: 7, apiName: 'Produce' } as const;
const ACKS_ALL = -1;
const NO_TRANSACTION = -1;

/** How much longer than the broker's own wait an answer may take, ms. */
const ANSWER_SLACK_MS = 10_000;

/** One record batch on its way. */
export interface OutgoingBatch {
  readonly topic: string;
  readonly partition: number;
  readonly encoded: EncodedBatch;
  /** Set once all in-sync replicas have it. */
  acknowledged: boolean;
  /** When the broker appended it, ms since 1970; null until then, and where it does not stamp the topic. */
  appendedAt_ms: number | null;
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
  let answers: readonly Answer[];
  try {
    const body = encodeRequest(batches, wait_ms_max);
    const payload = await sendPieces(broker, {
      ...PRODUCE_API,
      body,
      timeout_ms: wait_ms_max + ANSWER_SLACK_MS,
    });
    answers = decodeResponse(payload);
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
    const answer = answers.find((a) => a.topic === topic && a.partition === partition);
    const code = answer?.errorCode;
    // A repeat of what is there already was taken before.
    if (code === KAFKA_CODE.none || code === KAFKA_CODE.duplicateSequence) {
      batch.acknowledged = true;
      batch.appendedAt_ms = answer?.appendedAt_ms ?? null;
    } else refused ??= code ?? KAFKA_CODE.unknown;
  }
  if (refused !== null) throw createErrorFromCode(refused);
}

/** The request's body: what is around the batches, and the batches' own pieces. */
function encodeRequest(batches: readonly OutgoingBatch[], wait_ms_max: number): readonly Buffer[] {
  const byTopic = new Map<string, OutgoingBatch[]>();
  for (const batch of batches) {
    const list = byTopic.get(batch.topic);
    if (list === undefined) byTopic.set(batch.topic, [batch]);
    else list.push(batch);
  }
  const start = Buffer.allocUnsafe(2 + 2 + 4 + 4);
  start.writeInt16BE(NO_TRANSACTION, 0);
  start.writeInt16BE(ACKS_ALL, 2);
  start.writeInt32BE(wait_ms_max, 4);
  start.writeInt32BE(byTopic.size, 8);
  const pieces: Buffer[] = [start];
  for (const [topic, list] of byTopic) {
    const nameBytes = Buffer.byteLength(topic);
    const head = Buffer.allocUnsafe(2 + nameBytes + 4);
    head.writeInt16BE(nameBytes, 0);
    head.write(topic, 2);
    head.writeInt32BE(list.length, 2 + nameBytes);
    pieces.push(head);
    for (const { partition, encoded } of list) {
      const place = Buffer.allocUnsafe(4 + 4);
      place.writeInt32BE(partition, 0);
      place.writeInt32BE(encoded.length, 4);
      pieces.push(place, ...encoded.pieces);
    }
  }
  return pieces;
}

interface Answer {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly appendedAt_ms: number | null;
}

function decodeResponse(payload: Buffer): readonly Answer[] {
  const answers: Answer[] = [];
  let at = 4;
  for (let topics = payload.readInt32BE(0); topics > 0; topics--) {
    const nameEnd = at + 2 + payload.readInt16BE(at);
    const topic = payload.toString('utf8', at + 2, nameEnd);
    at = nameEnd + 4;
    for (let partitions = payload.readInt32BE(nameEnd); partitions > 0; partitions--) {
      // After the base offset; -1 where timestamps are the producer's.
      const stamp = Number(payload.readBigInt64BE(at + 4 + 2 + 8));
      answers.push({
        topic,
        partition: payload.readInt32BE(at),
        errorCode: payload.readInt16BE(at + 4),
        appendedAt_ms: stamp < 0 ? null : stamp,
      });
      at += 4 + 2 + 8 + 8 + 8; // with base offset, append time and log start
    }
  }
  return answers;
}
