import { isRetriable, SpanloomError } from '@spanloom/runtime';

/** Kafka's error codes that the fetch path sees as numbers (protocol guide, "Error Codes"). */
export const KAFKA_CODE = {
  unknown: -1,
  none: 0,
  offsetOutOfRange: 1,
  unknownTopicOrPartition: 3,
  leaderNotAvailable: 5,
  notLeader: 6,
  topicAuthorizationFailed: 29,
  duplicateSequence: 46,
} as const;

/** The group went on without us: whoever we were, we are no more. */
const STALE: ReadonlySet<string> = new Set([
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'REBALANCE_IN_PROGRESS',
  'FENCED_INSTANCE_ID',
]);

const COORDINATOR_MOVED: ReadonlySet<string> = new Set([
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'GROUP_LOAD_IN_PROGRESS',
  'REQUEST_TIMED_OUT',
]);

/** Trying again can't help; a person has to. */
const HOPELESS: ReadonlySet<string> = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
  'INVALID_TOPIC_EXCEPTION',
  'UNSUPPORTED_COMPRESSION_TYPE',
  'OFFSET_METADATA_TOO_LARGE',
  'INVALID_COMMIT_OFFSET_SIZE',
  'INCONSISTENT_GROUP_PROTOCOL',
  'INVALID_GROUP_ID',
  'INVALID_SESSION_TIMEOUT',
  'GROUP_MAX_SIZE_REACHED',
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'UNSUPPORTED_VERSION',
]);

/** kafkajs wraps errors in errors; deeper than this it does not. */
const CAUSE_DEPTH_MAX = 8;

/** The error and its causes, outermost first. */
function* chain(error: unknown): Generator<Readonly<Record<string, unknown>>> {
  let current = error;
  for (let depth = 0; depth < CAUSE_DEPTH_MAX; depth++) {
    if (typeof current !== 'object' || current === null) return;
    yield current as Readonly<Record<string, unknown>>;
    current = (current as { cause?: unknown }).cause;
  }
}

/** Kafka's name of the error ('REBALANCE_IN_PROGRESS', …), wherever in the causes it is; undefined for other errors. */
export function kafkaErrorType(error: unknown): string | undefined {
  for (const { type } of chain(error)) if (typeof type === 'string') return type;
  return undefined;
}

/** Whether the group's generation moved on without this member. */
export function isStaleMember(error: unknown): boolean {
  return STALE.has(kafkaErrorType(error) ?? '');
}

/** Whether the group's coordinator is elsewhere, or not yet there. */
export function isCoordinatorMoved(error: unknown): boolean {
  return COORDINATOR_MOVED.has(kafkaErrorType(error) ?? '');
}

/** Whether no further attempt can succeed. */
export function isHopeless(error: unknown): boolean {
  if (error instanceof SpanloomError) return !error.retriable;
  for (const { name, type } of chain(error)) {
    if (typeof type === 'string' && HOPELESS.has(type)) return true;
    if (name === 'KafkaJSSASLAuthenticationError' || name === 'KafkaJSNotImplemented') return true;
    if (name === 'TypeError' || name === 'RangeError' || name === 'ReferenceError') {
      return !isRetriable(error);
    }
  }
  return false;
}

/** The broker whose connection broke, when the error names one. */
export function brokenBroker(error: unknown): { host: string; port: number } | undefined {
  for (const { name, host, port } of chain(error)) {
    if (name === 'KafkaJSConnectionClosedError') {
      return { host: String(host), port: Number(port) };
    }
  }
  return undefined;
}

/**
 * The error as the rest of the product knows it: 'state-stale' when the generation moved on, 'kafka-fatal' when
 * trying again is no use, else 'engine-unavailable', retriable. `doing` starts the message.
 */
export function asSpanloomError(
  error: unknown,
  doing: string,
  details: Readonly<Record<string, unknown>> = {},
): SpanloomError {
  if (error instanceof SpanloomError) return error;
  const type = kafkaErrorType(error);
  const reason = error instanceof Error ? error.message : String(error);
  const message = `${doing}: ${reason}`;
  const options = { cause: error, details: type === undefined ? details : { ...details, type } };
  if (isStaleMember(error)) return new SpanloomError('state-stale', message, options);
  if (isHopeless(error)) return new SpanloomError('kafka-fatal', message, options);
  return new SpanloomError('engine-unavailable', message, { ...options, retriable: true });
}
