import { type Clock, isRetriable, SpanloomError } from '@spanloom/runtime';
import { protoMessage, protoPartialSuccess } from './proto-answer';

/** What the gateway said of a request in the end. */
export type PostOutcome =
  | { readonly kind: 'accepted'; readonly rejected: number; readonly why: string }
  | { readonly kind: 'refused'; readonly status: number; readonly why: string };

/** How a request is sent. */
export interface PostOptions {
  /** Whole URL, `/v1/traces` included. */
  readonly url: string;
  readonly clock: Clock;
  /** Called before every wait for another attempt. */
  readonly onRetry: (why: string) => void;
  /** What the body is; the answer comes the same way. Default `application/json`. */
  readonly contentType?: 'application/json' | 'application/x-protobuf';
  /** Gives up: rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

const ANSWER_MS = 30_000;
/** Long enough for a worker, a broker or the gateway to be started again. */
const GIVE_UP_MS = 120_000;
const WAIT_FIRST_MS = 200;
const WAIT_MAX_MS = 5000;
const TRY_AGAIN: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/**
 * How long a Retry-After header asks to wait: seconds, or an HTTP date (RFC 9110, 10.2.3).
 * @returns ms, at most a minute; null without the header or when it says nothing readable
 */
export function retryAfterMs(header: string | null, now_ms: number): number | null {
  if (header === null || header.trim() === '') return null;
  const seconds = Number(header);
  const wait_ms = Number.isNaN(seconds) ? Date.parse(header) - now_ms : seconds * 1000;
  return Number.isNaN(wait_ms) ? null : Math.min(60_000, Math.max(0, wait_ms));
}

/** How many spans an answer in OTLP/JSON says were rejected, and why. */
export function partialSuccess(body: string): { readonly rejected: number; readonly why: string } {
  try {
    const { partialSuccess: partial } = JSON.parse(body) as {
      partialSuccess?: { rejectedSpans?: string | number; errorMessage?: string };
    };
    return { rejected: Number(partial?.rejectedSpans ?? 0), why: partial?.errorMessage ?? '' };
  } catch {
    return { rejected: 0, why: '' };
  }
}

/**
 * Sends one request and sees it through: 429, 502, 503, 504 and network errors are tried again, with
 * the pause that the gateway asks for, else one that doubles.
 * @throws SpanloomError('engine-unavailable') after two minutes without an answer that counts
 */
export async function postSpans(body: string | Buffer, options: PostOptions): Promise<PostOutcome> {
  const { clock, signal } = options;
  const began_ms = clock.monotonicMs();
  for (let wait_ms = WAIT_FIRST_MS; ; wait_ms = Math.min(WAIT_MAX_MS, wait_ms * 2)) {
    const attempt = await tryOnce(body, options);
    if (attempt.kind !== 'again') return attempt;
    if (clock.monotonicMs() - began_ms > GIVE_UP_MS) {
      throw new SpanloomError(
        'engine-unavailable',
        `${options.url} has not taken spans for ${GIVE_UP_MS / 1000} s: ${attempt.why}`,
      );
    }
    options.onRetry(attempt.why);
    await clock.sleep(attempt.wait_ms ?? wait_ms * (0.5 + Math.random() / 2), signal);
  }
}

interface Again {
  readonly kind: 'again';
  readonly why: string;
  readonly wait_ms: number | null;
}

async function tryOnce(
  body: string | Buffer,
  { url, clock, contentType = 'application/json', signal }: PostOptions,
): Promise<PostOutcome | Again> {
  const json = contentType === 'application/json';
  const timeout = AbortSignal.timeout(ANSWER_MS);
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': contentType },
      body,
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    const said = Buffer.from(await answer.arrayBuffer());
    const text = said.toString('utf8');
    if (answer.ok) {
      return { kind: 'accepted', ...(json ? partialSuccess(text) : protoPartialSuccess(said)) };
    }
    const reason = json ? text.slice(0, 300) : protoMessage(said);
    const why = `${answer.status} ${reason}`;
    if (!TRY_AGAIN.has(answer.status)) return { kind: 'refused', status: answer.status, why };
    const wait_ms = retryAfterMs(answer.headers.get('retry-after'), clock.nowMs());
    return { kind: 'again', why, wait_ms };
  } catch (error) {
    signal?.throwIfAborted();
    const late = error instanceof Error && error.name === 'TimeoutError';
    if (!late && !isRetriable(error)) throw error;
    const cause = (error as Error).cause;
    return {
      kind: 'again',
      why: cause instanceof Error ? cause.message : String(error),
      wait_ms: null,
    };
  }
}

/**
 * Makes sure, with a request without spans, that a gateway listens.
 * @throws SpanloomError('engine-unavailable') that says how to start one
 */
export async function requireGateway(url: string): Promise<void> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    await answer.text();
    if (answer.ok || TRY_AGAIN.has(answer.status)) return;
    throw new SpanloomError('usage', `${url} answers ${answer.status}: no OTLP receiver`);
  } catch (error) {
    if (error instanceof SpanloomError) throw error;
    throw new SpanloomError(
      'engine-unavailable',
      `no gateway at ${url}: start one with "spanloom up", or name another with --gateway`,
      { cause: error },
    );
  }
}
