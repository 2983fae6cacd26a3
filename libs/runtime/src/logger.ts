import { type DestinationStream, pino } from 'pino';
import { describeError } from './error-description';

/** Structured logs: one JSON object per line, the fields first and then what happened in words. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** A logger that adds `fields` to every line. */
  child(fields: object): Logger;
}

/** The levels a logger can be set to, from most to least talkative. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

const SECRET_FIELDS = ['password', 'secret', 'token', 'authorization', 'sasl', 'passphrase'];

/**
 * The second net: settings are redacted where they are printed, but a whole options object that ends up
 * in a log line must not show its secrets either, down to two levels.
 */
const REDACTED_PATHS = SECRET_FIELDS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

/**
 * Makes the logger of a process. Lines go to stdout and are written synchronously, so that none is lost
 * when the process exits; `destination` is for tests. Fields named `error` or `err` are described in full.
 */
export function createLogger(options: {
  readonly service: string;
  readonly level: string;
  readonly destination?: DestinationStream;
}): Logger {
  const settings = {
    level: options.level,
    base: { service: options.service, pid: process.pid },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    messageKey: 'message',
    serializers: { error: describeError, err: describeError },
    redact: { paths: REDACTED_PATHS, censor: '[redacted]' },
  };
  return pino(settings, options.destination ?? pino.destination({ fd: 1, sync: true }));
}
