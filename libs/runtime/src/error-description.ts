import { SpanloomError } from './errors';

/** A chain of causes is described down to this depth. */
const CAUSE_DEPTH_MAX = 5;

/** What a log line shows of an error. */
export interface ErrorDescription {
  readonly type: string;
  readonly message: string;
  readonly code?: string | undefined;
  readonly retriable?: boolean | undefined;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  readonly stack?: string | undefined;
  readonly cause?: unknown;
}

/**
 * Describes an error for the log by a fixed list of properties. Client libraries hang whole commands and
 * requests on their errors, payloads and credentials included, so nothing else is copied.
 */
export function describeError(error: unknown, depth = 0): ErrorDescription | unknown {
  if (!(error instanceof Error)) return error;
  const { code } = error as { code?: unknown };
  const own = error instanceof SpanloomError ? error : undefined;
  return {
    type: error.name,
    message: error.message,
    code: typeof code === 'string' ? code : undefined,
    retriable: own?.retriable,
    details: own && Object.keys(own.details).length > 0 ? own.details : undefined,
    stack: error.stack,
    cause:
      error.cause === undefined || depth + 1 >= CAUSE_DEPTH_MAX
        ? undefined
        : describeError(error.cause, depth + 1),
  };
}
