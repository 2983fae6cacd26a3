import { SpanloomError } from '@spanloom/runtime';

/** Error replies of a Redis that will answer again: it loads its data, fails over, or is moving slots. */
const TRANSIENT_REPLIES = ['LOADING', 'BUSY', 'MASTERDOWN', 'READONLY', 'TRYAGAIN', 'CLUSTERDOWN'];

/** A reply error's first word says what kind it is. */
function replyKind(message: string): string {
  return message.split(' ', 1)[0] ?? '';
}

/** Whether the error is an answer of Redis itself, as opposed to a lost or late connection. */
export function isReplyError(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError';
}

/** Whether Redis says that it does not know a script by its digest, for example after a restart. */
export function isUnknownScript(error: unknown): boolean {
  return isReplyError(error) && replyKind(error.message) === 'NOSCRIPT';
}

/** The retriable error for a Redis that does not answer; `address` must carry no credentials. */
export function unavailable(address: string, why: string, cause?: unknown): SpanloomError {
  return new SpanloomError(
    'engine-unavailable',
    `Redis at ${address} does not answer (${why}); check that it runs and that REDIS_URL is right`,
    { cause, retriable: true, details: { address } },
  );
}

/**
 * Gives a client error its Spanloom form. Lost connections, time-outs and passing states of the server
 * become retriable; a full Redis too, since windows close and free memory. Other error replies, such as a
 * wrong type, stay as they are: they are mistakes of the caller.
 */
export function toSpanloomError(address: string, error: unknown): unknown {
  if (error instanceof SpanloomError) return error;
  if (!isReplyError(error)) return unavailable(address, messageOf(error), error);
  const kind = replyKind(error.message);
  if (TRANSIENT_REPLIES.includes(kind)) return unavailable(address, error.message, error);
  if (kind === 'OOM') {
    return new SpanloomError(
      'engine-unavailable',
      `Redis at ${address} is full; raise its maxmemory, or add workers so that windows close sooner`,
      { cause: error, retriable: true, details: { address } },
    );
  }
  return error;
}

/** What an error says, in words. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
