import { type Clock, SpanloomError } from '@spanloom/runtime';
import { type Answer, readAnswer } from './answer';

/** One request: an ExportTraceServiceRequest, and how many spans are in it. */
export interface OtlpRequest {
  readonly body: Buffer;
  readonly contentType: 'application/x-protobuf' | 'application/json';
  readonly spans: number;
}

/** What was sent so far. */
export interface SendCounts {
  readonly requests: number;
  readonly retries: number;
  /** Spans that were answered for, the refused ones among them. */
  readonly spans: number;
  /** Spans that the gateway refused, by partial success or as part of a refused request. */
  readonly rejected: number;
  /** What it said about the last refused ones. */
  readonly rejectedBecause: string;
}

/** Sends requests to a gateway, several at a time. */
export interface Sender {
  /** Waits for a free place, then sends in the background. Throws when an earlier request failed for good. */
  send(request: OtlpRequest, onDone?: () => void): Promise<void>;
  /** Waits until all that was given is acknowledged; throws when one was not. */
  drain(): Promise<void>;
  counts(): SendCounts;
}

/** What a sender needs. */
export interface SenderOptions {
  /** Base URL of the gateway; `/v1/traces` is added. */
  readonly url: string;
  readonly inFlightMax: number;
  /** A request that is not acknowledged for this long, retries included, is an error. */
  readonly give_up_ms: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const REQUEST_TIMEOUT_MS = 30_000;
const WAIT_MS_MIN = 100;
const WAIT_MS_MAX = 5000;

/**
 * Makes a sender. As the OTLP specification asks, only 429, 502, 503, 504 and broken connections are tried
 * again, after `Retry-After` where it is given, else with exponential backoff and jitter.
 */
export function createSender(options: SenderOptions): Sender {
  const { clock, signal } = options;
  const url = new URL('v1/traces', options.url.endsWith('/') ? options.url : `${options.url}/`);
  const inFlight = new Set<Promise<void>>();
  const counts = { requests: 0, retries: 0, spans: 0, rejected: 0, rejectedBecause: '' };
  let failure: unknown = null;

  const post = async (request: OtlpRequest): Promise<Answer> => {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': request.contentType },
        body: request.body,
        signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
      });
      const body = Buffer.from(await response.arrayBuffer());
      return readAnswer(response.status, response.headers, body, clock.nowMs());
    } catch (error) {
      signal.throwIfAborted();
      return { what: 'retry', why: describeFailure(error), retryAfterMs: null };
    }
  };

  const deliver = async (request: OtlpRequest): Promise<void> => {
    const begun = clock.monotonicMs();
    for (let attempt = 0; ; attempt++) {
      const answer = await post(request);
      counts.requests += 1;
      if (answer.what === 'accepted') {
        counts.spans += request.spans;
        counts.rejected += answer.rejected;
        if (answer.rejected > 0) counts.rejectedBecause = answer.why;
        return;
      }
      if (answer.what === 'refused') {
        counts.spans += request.spans;
        counts.rejected += request.spans;
        counts.rejectedBecause = answer.why;
        return;
      }
      const backoff = Math.min(WAIT_MS_MAX, WAIT_MS_MIN * 2 ** attempt) * (0.5 + Math.random() / 2);
      const wait_ms = answer.retryAfterMs ?? backoff;
      if (clock.monotonicMs() - begun + wait_ms > options.give_up_ms) {
        throw new SpanloomError(
          'engine-unavailable',
          `the gateway at ${options.url} did not take a request for ${options.give_up_ms / 1000} s: ` +
            `${answer.why}; see "spanloom status", start it with "spanloom up", or give its address with --gateway`,
        );
      }
      counts.retries += 1;
      await clock.sleep(wait_ms, signal);
    }
  };

  return {
    async send(request, onDone) {
      while (inFlight.size >= options.inFlightMax && failure === null) await Promise.race(inFlight);
      if (failure !== null) throw failure;
      signal.throwIfAborted();
      const delivery = deliver(request).then(
        () => onDone?.(),
        (error: unknown) => {
          failure ??= error;
        },
      );
      inFlight.add(delivery);
      void delivery.then(() => inFlight.delete(delivery));
    },
    async drain() {
      await Promise.all(inFlight);
      if (failure !== null) throw failure;
    },
    counts: () => ({ ...counts }),
  };
}

function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause as { code?: string; message?: string } | undefined;
  return cause?.code ?? cause?.message ?? error.message;
}
