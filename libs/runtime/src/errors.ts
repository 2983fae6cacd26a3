/** Every kind of failure that Spanloom names: a closed list, so that tests and operators can rely on it. */
export type ErrorCode =
  | 'config-invalid'
  | 'port-in-use'
  | 'engine-missing'
  | 'engine-unavailable'
  | 'topic-mismatch'
  | 'schema-incompatible'
  | 'kafka-fatal'
  | 'redis-unsafe'
  | 'state-stale'
  | 'state-corrupt'
  | 'clickhouse-failed'
  | 'migration-changed'
  | 'timeout'
  | 'usage'
  | 'internal';

/** What an error may carry besides its code and message. */
export interface ErrorOptions {
  /** The error underneath. */
  readonly cause?: unknown;
  /** Whether the same attempt may succeed later. Default false. */
  readonly retriable?: boolean;
  /** Structured properties for the log: names and numbers, never secrets or payloads. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** The one error type: an unexpected failure with a code to act on. Expected outcomes are values instead. */
export class SpanloomError extends Error {
  override readonly name = 'SpanloomError';
  readonly code: ErrorCode;
  readonly retriable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retriable = options.retriable ?? false;
    this.details = options.details ?? {};
  }
}

const NETWORK_CODES: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_SOCKET',
]);

/** `fetch` and others wrap the network error: this many causes are looked through. */
const CAUSE_DEPTH_MAX = 5;

/**
 * Whether trying again may help: what a {@link SpanloomError} says of itself, and for other errors
 * whether they, or a cause of theirs, carry a known network code.
 */
export function isRetriable(error: unknown): boolean {
  let current = error;
  for (let depth = 0; depth < CAUSE_DEPTH_MAX; depth++) {
    if (current instanceof SpanloomError) return current.retriable;
    if (typeof current !== 'object' || current === null) return false;
    const { code, cause } = current as { code?: unknown; cause?: unknown };
    if (typeof code === 'string' && NETWORK_CODES.has(code)) return true;
    current = cause;
  }
  return false;
}
