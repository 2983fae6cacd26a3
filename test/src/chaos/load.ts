import { createRandom, generateLoad, type LoadBatch, type Oracle } from '@spanloom/cli';
import type { Span } from '@spanloom/model';
import { encodeOtlpRequest } from '@spanloom/otlp';
import type { Clock } from '@spanloom/runtime';

/** Continuous load on the gateways, remembered by the oracle. */
export interface Load {
  /** Spans that a gateway has answered for. */
  readonly acked: number;
  /** Requests that had to be sent again. */
  readonly resent: number;
  /** Batches sent lately, for faults that send something again or late. */
  readonly recent: readonly (readonly Span[])[];
  /** Ends the load; resolves when everything sent is acknowledged. Rejects when something is not in time. */
  finish(): Promise<void>;
}

/** A request, ready to be sent. */
export interface LoadRequest {
  readonly body: Buffer;
  readonly contentType: string;
  readonly spans: readonly Span[];
  /** When to send it, ms since the load began. */
  readonly sendAt_ms: number;
}

const REQUESTS_AT_A_TIME = 16;
const ANSWER_MS = 8000;
const RETRY_MS = 250;
/** Longer than any outage that a schedule makes. */
const ACK_WITHIN_MS = 300_000;
const RECENT_BATCHES = 60;

/** Requests of a generated shop, without end. */
export function* generatedRequests(seed: number, tracesPerSecond: number): Generator<LoadRequest> {
  const options = {
    seed,
    traces: Number.POSITIVE_INFINITY,
    tracesPerSecond,
    startUnixMs: Date.now(),
    lateShare: 0.06,
    duplicateShare: 0.06,
  };
  for (const { spans, sendAtMs } of generateLoad(options) as Iterable<LoadBatch>) {
    const contentType = 'application/x-protobuf';
    yield { body: encodeOtlpRequest(spans), contentType, spans, sendAt_ms: sendAtMs };
  }
}

/**
 * Starts sending. A request without a good answer goes again, to any gateway, until one takes it: so
 * every span that the oracle knows is acknowledged in the end, some more than once.
 */
export function startLoad(
  requests: AsyncIterable<LoadRequest> | Iterable<LoadRequest>,
  deps: {
    readonly gateways: readonly string[];
    readonly oracle: Oracle;
    readonly seed: number;
    readonly clock: Clock;
  },
): Load {
  const { clock, gateways, oracle } = deps;
  const random = createRandom(deps.seed, 0x10ad);
  const underWay = new Set<Promise<void>>();
  const recent: (readonly Span[])[] = [];
  let acked = 0;
  let resent = 0;
  let ending = false;

  async function isTaken({ body, contentType }: LoadRequest): Promise<boolean> {
    try {
      const answer = await fetch(random.pick(gateways), {
        method: 'POST',
        headers: { 'content-type': contentType },
        body,
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      await answer.arrayBuffer();
      return answer.ok;
    } catch {
      return false;
    }
  }

  async function deliver(request: LoadRequest): Promise<void> {
    const end_ms = clock.monotonicMs() + ACK_WITHIN_MS;
    while (!(await isTaken(request))) {
      if (clock.monotonicMs() > end_ms) {
        throw new Error(`no gateway took a request within ${ACK_WITHIN_MS} ms`);
      }
      resent++;
      await clock.sleep(RETRY_MS * (0.5 + random.unit()));
    }
    acked += request.spans.length;
  }

  async function send(): Promise<void> {
    const begun_ms = clock.monotonicMs();
    for await (const request of requests) {
      const wait_ms = begun_ms + request.sendAt_ms - clock.monotonicMs();
      if (wait_ms > 1) await clock.sleep(wait_ms);
      while (underWay.size >= REQUESTS_AT_A_TIME && !ending) await Promise.race(underWay);
      if (ending) return;
      for (const span of request.spans) oracle.sent(span);
      recent.push(request.spans);
      if (recent.length > RECENT_BATCHES) recent.shift();
      const delivery = deliver(request).finally(() => underWay.delete(delivery));
      delivery.catch(() => undefined);
      underWay.add(delivery);
    }
  }
  const sending = send();
  sending.catch(() => undefined);

  return {
    get acked() {
      return acked;
    },
    get resent() {
      return resent;
    },
    recent,
    async finish() {
      ending = true;
      await sending;
      await Promise.all(underWay);
    },
  };
}
