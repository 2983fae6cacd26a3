import { type Clock, type Logger, retry, SpanloomError } from '@spanloom/runtime';
import type { Producer, ProducerOptions, SendReceipt } from './api';
import { RequestFiller, refuseOversized } from './batching';
import { compressionType } from './codecs';
import type { Connections } from './connection';
import { asSpanloomError, kafkaErrorType } from './kafka-errors';
import type { OutgoingBatch } from './produce-protocol';
import { openProduceSession, type PartitionRecords, type ProduceSession } from './produce-session';
import type { OutgoingRecord } from './record';

const IN_FLIGHT_MAX = 5;
const DELIVERY_TIMEOUT_MS = 30_000;
const REQUEST_BYTES_MAX = 4 * 1024 * 1024;
const RETRY_WAIT_MS = { base_ms: 100, max_ms: 2_000 } as const;

/** The broker has lost track of an idempotent producer: only a new producer id helps. */
const SEQUENCE_BROKEN: ReadonlySet<string> = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
]);

/** One call of `send`, until all of its records are acknowledged. */
interface Sending {
  readonly topic: string;
  readonly records: readonly OutgoingRecord[];
  /** Records before this one are in a request. */
  taken: number;
  /** Records in requests under way, or not yet in one. */
  outstanding: number;
  /** The latest append time of those acknowledged so far. */
  appendedAt_ms: number | null;
  resolve(receipt: SendReceipt): void;
  reject(error: SpanloomError): void;
}

/** A request: parts of sendings, and their records by partition. */
interface Request {
  readonly parts: readonly { readonly sending: Sending; readonly count: number }[];
  readonly batches: Iterable<PartitionRecords>;
}

/**
 * Connects a producer. Sends wait in a queue from which requests are filled, as many at a time as allowed, so sends
 * that wait together go out together.
 */
export async function createProducer(
  connections: Connections,
  options: ProducerOptions & { readonly message_bytes_max: number },
  deps: { readonly logger: Logger; readonly clock: Clock },
): Promise<Producer> {
  const compression = compressionType(options.compression);
  const inOrder = options.inOrder ?? false;
  const inFlight_max = inOrder ? 1 : (options.inFlightMax ?? IN_FLIGHT_MAX);
  const delivery_timeout_ms = options.deliveryTimeoutMs ?? DELIVERY_TIMEOUT_MS;
  const limits = {
    batch_bytes_max: options.message_bytes_max,
    request_bytes_max: REQUEST_BYTES_MAX,
  };
  let queue: Sending[] = [];
  let inFlight = 0;
  let closed = false;
  let onQuiet: (() => void) | null = null;
  let session = await connect();

  function connect(): Promise<ProduceSession> {
    return openProduceSession(connections, { idempotent: inOrder, compression }, deps.clock);
  }

  /** Takes as much from the front of the queue as one request holds. */
  function nextRequest(): Request {
    const filler = new RequestFiller(limits);
    const parts: { sending: Sending; count: number }[] = [];
    const batches = new Map<string, PartitionRecords & { readonly records: OutgoingRecord[] }>();
    for (let head = queue[0]; head !== undefined; head = queue[0]) {
      const start = head.taken;
      let record = head.records[head.taken];
      while (record !== undefined && filler.add(head.topic, record)) {
        const { topic } = head;
        const { partition } = record;
        const key = `${topic}/${partition}`;
        const batch = batches.get(key);
        if (batch === undefined) batches.set(key, { topic, partition, records: [record] });
        else batch.records.push(record);
        record = head.records[++head.taken];
      }
      if (head.taken > start) parts.push({ sending: head, count: head.taken - start });
      if (record !== undefined) break;
      queue.shift();
    }
    return { parts, batches: batches.values() };
  }

  function pump(): void {
    while (inFlight < inFlight_max && queue.length > 0) {
      inFlight++;
      const request = nextRequest();
      void deliver(request).finally(() => {
        inFlight--;
        pump();
        if (inFlight === 0 && queue.length === 0) onQuiet?.();
      });
    }
  }

  /** Sends one request until it is acknowledged or given up. Never rejects. */
  async function deliver(request: Request): Promise<void> {
    try {
      const batches = await insist(request);
      for (const { sending, count } of request.parts) {
        const { topic } = sending;
        sending.appendedAt_ms = latest(sending.appendedAt_ms, batches, topic);
        sending.outstanding -= count;
        const { appendedAt_ms } = sending;
        if (sending.outstanding === 0) sending.resolve({ appendedAt_ms });
      }
    } catch (error) {
      const known = asSpanloomError(error, 'producing');
      const failed = new Set(request.parts.map((part) => part.sending));
      // What was to come after a lost request must not overtake it.
      if (inOrder) for (const sending of queue) failed.add(sending);
      queue = queue.filter((sending) => !failed.has(sending));
      for (const sending of failed) sending.reject(known);
      if (inOrder) await replaceProducer();
    }
  }

  async function insist(request: Request): Promise<readonly OutgoingBatch[]> {
    const giveUpAt_ms = deps.clock.monotonicMs() + delivery_timeout_ms;
    const through = session;
    const batches: readonly OutgoingBatch[] = await through.encode(request.batches);
    await retry(() => through.send(batches), {
      attempts_max: Number.MAX_SAFE_INTEGER,
      ...RETRY_WAIT_MS,
      clock: deps.clock,
      isRetriable: (error) =>
        deps.clock.monotonicMs() < giveUpAt_ms &&
        !SEQUENCE_BROKEN.has(kafkaErrorType(error) ?? '') &&
        asSpanloomError(error, 'producing').retriable,
      onRetry: (error, n, wait_ms) =>
        deps.logger.warn({ err: error, attempt: n, wait_ms }, 'producing failed: trying again'),
    });
    return batches;
  }

  /**
   * After a request that was given up nobody knows whether it was written. Its sequence numbers would be used again
   * for other records, which the broker would take for repeats and drop: so the producer id is given up too.
   */
  async function replaceProducer(): Promise<void> {
    void session.close().catch(() => undefined);
    for (let wait_ms: number = RETRY_WAIT_MS.base_ms; !closed; wait_ms *= 2) {
      try {
        session = await connect();
        return;
      } catch (error) {
        deps.logger.warn({ err: error }, 'connecting a new producer failed: trying again');
        await deps.clock.sleep(Math.min(wait_ms, RETRY_WAIT_MS.max_ms));
      }
    }
  }

  return {
    async send(topic, records) {
      if (records.length === 0) return { appendedAt_ms: null };
      if (closed) throw new SpanloomError('usage', 'the producer is closed');
      refuseOversized(topic, records, options.message_bytes_max);
      return new Promise<SendReceipt>((resolve, reject) => {
        const outstanding = records.length;
        const appendedAt_ms = null;
        queue.push({ topic, records, taken: 0, outstanding, appendedAt_ms, resolve, reject });
        pump();
      });
    },
    async close() {
      if (closed) return;
      closed = true;
      if (inFlight > 0) {
        await new Promise<void>((resolve) => {
          onQuiet = resolve;
        });
      }
      await session.close();
    },
  };
}

/** The latest append time among the batches of a topic and `known`. */
function latest(
  known: number | null,
  batches: readonly OutgoingBatch[],
  topic: string,
): number | null {
  let found = known;
  for (const batch of batches) {
    if (batch.topic !== topic || batch.appendedAt_ms === null) continue;
    found = Math.max(found ?? 0, batch.appendedAt_ms);
  }
  return found;
}
