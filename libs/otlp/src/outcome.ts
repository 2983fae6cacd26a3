/** Why a span was refused while the rest of its request was taken. */
export const REJECT_REASONS = [
  'trace-id',
  'span-id',
  'parent-id',
  'start',
  'duration',
  'too-large',
] as const;

/** One of {@link REJECT_REASONS}. */
export type RejectReason = (typeof REJECT_REASONS)[number];

/**
 * What became of a request as a whole.
 * - `decoded`: the arena holds the accepted spans and the counts of the rejected ones.
 * - `malformed`: the bytes are not an OTLP trace request; no span of it is to be used.
 * - `too-large`: its spans would encode to more than the limits allow; no span is to be used.
 */
export type OtlpOutcome =
  | { readonly kind: 'decoded' }
  | { readonly kind: 'malformed'; readonly message: string }
  | { readonly kind: 'too-large'; readonly message: string };

/** Thrown inside the decoders only; they turn it into an {@link OtlpOutcome}. */
export class RequestRefused extends Error {
  constructor(
    readonly kind: 'malformed' | 'too-large',
    message: string,
  ) {
    super(message);
  }
}

/** Stops decoding: the request is not what it says it is. */
export function malformed(message: string): never {
  throw new RequestRefused('malformed', message);
}

/** Runs a decoder and gives its outcome; what it throws beyond refusals is a defect and passes. */
export function outcomeOf(decode: () => void): OtlpOutcome {
  try {
    decode();
    return { kind: 'decoded' };
  } catch (error) {
    if (error instanceof RequestRefused) return { kind: error.kind, message: error.message };
    throw error;
  }
}
