import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { ByteBudget } from './byte-budget';

/** What reading a body gave. `held` bytes of the budget are the caller's to give back. */
export type BodyOutcome =
  | { readonly kind: 'body'; readonly body: Buffer; readonly held: number }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'over-budget' }
  | { readonly kind: 'bad-encoding'; readonly message: string }
  /** The client went away: nobody is left to answer. */
  | { readonly kind: 'aborted' };

/** How to read a body. */
export interface BodyLimits {
  /** Counted after decompression. */
  readonly body_bytes_max: number;
  readonly budget: ByteBudget;
  /** Told of bytes as they come, before decompression. */
  readonly onWireBytes: (bytes: number) => void;
}

const GUNZIP_CHUNK_BYTES = 65_536;

/**
 * Reads a request's body, decompressed when `gzip`. Every chunk is counted against the limit and
 * taken from the budget as it comes, so a small body that unpacks to a huge one stops at the limit.
 * After any outcome but `body` the rest of the request is discarded as it arrives.
 */
export function readBody(
  request: IncomingMessage,
  gzip: boolean,
  limits: BodyLimits,
): Promise<BodyOutcome> {
  return new Promise((resolve) => {
    const gunzip = gzip ? createGunzip({ chunkSize: GUNZIP_CHUNK_BYTES }) : null;
    const chunks: Buffer[] = [];
    let held = 0;
    let done = false;
    const finish = (outcome: BodyOutcome): void => {
      if (done) return;
      done = true;
      if (outcome.kind !== 'body') {
        limits.budget.giveBack(held);
        chunks.length = 0;
        if (gunzip !== null) request.unpipe(gunzip);
        discardRest(request, limits.body_bytes_max);
      }
      gunzip?.destroy();
      resolve(outcome);
    };
    const source: Readable = gunzip === null ? request : request.pipe(gunzip);
    request.on('data', (chunk: Buffer) => limits.onWireBytes(chunk.length));
    request.on('error', () => finish({ kind: 'aborted' }));
    request.on('close', () => {
      if (!request.complete) finish({ kind: 'aborted' });
    });
    gunzip?.on('error', (error) => finish({ kind: 'bad-encoding', message: error.message }));
    source.on('data', (chunk: Buffer) => {
      if (done) return;
      if (held + chunk.length > limits.body_bytes_max) return finish({ kind: 'too-large' });
      if (!limits.budget.tryTake(chunk.length)) return finish({ kind: 'over-budget' });
      held += chunk.length;
      chunks.push(chunk);
    });
    source.on('end', () => {
      const [first] = chunks;
      const body = chunks.length === 1 ? (first as Buffer) : Buffer.concat(chunks, held);
      finish({ kind: 'body', body, held });
    });
  });
}

/**
 * Lets the rest of a request that has its answer flow away, so that a client which sends it all
 * before it reads gets that answer; one that goes on for more than `bytes_max` is cut off.
 */
export function discardRest(request: IncomingMessage, bytes_max: number): void {
  let discarded = 0;
  request.on('data', (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > bytes_max) request.destroy();
  });
  request.resume();
}
