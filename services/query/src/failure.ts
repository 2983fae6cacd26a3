import { clickhouseCode } from '@spanloom/clickhouse';
import { SpanloomError } from '@spanloom/runtime';

/** An HTTP status, and a message that names the cure. */
export interface Failure {
  readonly code: number;
  readonly message: string;
}

/** ClickHouse's codes for a query that took too long. */
const TOO_SLOW: ReadonlySet<number> = new Set([159, 160]);
/** Rows of more bytes than a query may answer with. */
const TOO_LARGE = 396;
/** Unknown function, table or database. */
const NOT_MIGRATED: ReadonlySet<number> = new Set([46, 60, 81]);

/** What a client is told of an error. Details of unexpected ones stay in the log. */
export function failureOf(error: unknown): Failure {
  const code = clickhouseCode(error);
  if (code !== null && TOO_SLOW.has(code)) {
    return {
      code: 504,
      message: 'the query took too long: narrow it down, or raise SPANLOOM_QUERY_SECONDS_MAX',
    };
  }
  if (code === TOO_LARGE) {
    return {
      code: 413,
      message: 'the answer is too large: narrow it down, or raise SPANLOOM_ANSWER_BYTES_MAX',
    };
  }
  if (code !== null && NOT_MIGRATED.has(code)) {
    return {
      code: 503,
      message: 'the tables are not there yet: start the sink, which makes them',
    };
  }
  if (error instanceof SpanloomError && error.code === 'engine-unavailable') {
    return {
      code: 503,
      message: 'ClickHouse does not answer: see that it runs, and that CLICKHOUSE_URL is right',
    };
  }
  if (error instanceof SpanloomError && error.retriable) {
    return { code: 503, message: 'ClickHouse is overloaded: try again, or narrow the query down' };
  }
  const status = (error as { readonly statusCode?: unknown } | null)?.statusCode;
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return { code: status, message: error instanceof Error ? error.message : 'bad request' };
  }
  return { code: 500, message: 'an unexpected error: see the log of the query service' };
}
