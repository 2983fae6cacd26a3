import { SpanloomError } from '@spanloom/runtime';

/** ClickHouse as far as a statement typed by hand needs it. */
export interface StatementTarget {
  readonly clickhouse_url: string;
  readonly clickhouse_database: string;
  readonly clickhouse_user: string;
  readonly clickhouse_password: string;
}

/** An answer as ClickHouse wrote it. */
export interface StatementAnswer {
  /** The format it is in: the one asked for, unless the statement names its own. */
  readonly format: string;
  readonly body: string;
}

/**
 * Runs one statement of any kind over HTTP and gives the answer as text. Goes past the client library:
 * only so are 64-bit numbers, names and types of columns, and a FORMAT of the user's own, as the server wrote them.
 * @throws SpanloomError('clickhouse-failed') with the server's own words; 'engine-unavailable'
 */
export async function runStatement(
  sql: string,
  format: string,
  target: StatementTarget,
): Promise<StatementAnswer> {
  const url = new URL(target.clickhouse_url);
  const user = decodeURIComponent(url.username) || target.clickhouse_user;
  const password = decodeURIComponent(url.password) || target.clickhouse_password;
  url.username = '';
  url.password = '';
  url.searchParams.set('default_format', format);
  url.searchParams.set('database', target.clickhouse_database);
  url.searchParams.set('wait_end_of_query', '1');
  const login = { 'X-ClickHouse-User': user, ...(password && { 'X-ClickHouse-Key': password }) };
  let answer: Response;
  let body: string;
  try {
    answer = await fetch(url, { method: 'POST', headers: login, body: sql });
    body = await answer.text();
  } catch (error) {
    throw new SpanloomError(
      'engine-unavailable',
      `no ClickHouse at ${url.origin}: start it with "spanloom up", or set CLICKHOUSE_URL`,
      { cause: error },
    );
  }
  if (!answer.ok) throw new SpanloomError('clickhouse-failed', plainError(body));
  return { format: answer.headers.get('x-clickhouse-format') ?? format, body };
}

/** A server's error without its version, which says nothing about the statement. */
export function plainError(body: string): string {
  return body.trim().replace(/ ?\(version [^)]*(\([^)]*\))?\)$/, '');
}
