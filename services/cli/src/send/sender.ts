import type { Clock } from '@spanloom/runtime';
import { postSpans } from '../import/post';

/** What was sent so far. */
export interface SendCounts {
  /** Spans that were answered for, the refused ones among them. */
  readonly spans: number;
  /** Spans that the gateway refused, one by one or with their whole request. */
  readonly rejected: number;
  /** What it said of the last refused ones. */
  readonly rejectedBecause: string;
}

/** Sends requests in OTLP's protobuf, several at a time. */
export interface ProtoSender {
  /** Waits for a free place, then sends in the background. Throws when an earlier request failed for good. */
  send(body: Buffer, spans: number): Promise<void>;
  /** Waits until all that was given is answered; throws when something was not. */
  drain(): Promise<void>;
  counts(): SendCounts;
}

const REQUESTS_AT_A_TIME = 8;

/** Makes a sender to a whole URL, `/v1/traces` included. The signal ends it. */
export function createProtoSender(options: {
  readonly url: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): ProtoSender {
  const underWay = new Set<Promise<void>>();
  const counts = { spans: 0, rejected: 0, rejectedBecause: '' };
  let failure: { readonly error: unknown } | null = null;

  const deliver = async (body: Buffer, spans: number): Promise<void> => {
    const contentType = 'application/x-protobuf';
    const outcome = await postSpans(body, { ...options, contentType, onRetry: () => undefined });
    const rejected = outcome.kind === 'accepted' ? outcome.rejected : spans;
    counts.spans += spans;
    counts.rejected += rejected;
    if (rejected > 0) counts.rejectedBecause = outcome.why;
  };
  return {
    async send(body, spans) {
      while (underWay.size >= REQUESTS_AT_A_TIME && failure === null) await Promise.race(underWay);
      if (failure !== null) throw failure.error;
      const delivery = deliver(body, spans)
        .catch((error: unknown) => {
          failure ??= { error };
        })
        .finally(() => underWay.delete(delivery));
      underWay.add(delivery);
    },
    async drain() {
      await Promise.all(underWay);
      if (failure !== null) throw failure.error;
    },
    counts: () => ({ ...counts }),
  };
}
