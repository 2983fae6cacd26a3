import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import { frontException } from './exception';
import { multipartBoundary, readTextParts } from './multipart';
import { tooLarge } from './spool';

/** A request as ClickHouse's HTTP interface means it. */
export interface FrontRequest {
  /** The statement; data may follow in `body`. */
  readonly sql: string;
  /** What comes after the statement; null when the statement came in the body. */
  readonly body: Readable | null;
  readonly database: string;
  readonly defaultFormat: string;
  readonly queryId: string | null;
  /** Whether the answer may be compressed with gzip. */
  readonly gzip: boolean;
  readonly params: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, string>>;
}

/** Names in the query string that are no settings. */
const RESERVED: ReadonlySet<string> = new Set([
  'query',
  'database',
  'default_format',
  'query_id',
  'user',
  'password',
  'role',
  'quota_key',
  'compress',
  'decompress',
  'buffer_size',
  'wait_end_of_query',
  'session_id',
  'session_timeout',
  'session_check',
  'enable_http_compression',
]);

/** What this front does not do is refused, not ignored: silence would change results. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ['session_id', 'Sessions'],
  ['decompress', "ClickHouse's own block compression (use Content-Encoding)"],
  ['compress', "ClickHouse's own block compression (use Accept-Encoding)"],
]);

/** Statements are bounded like a server's max_query_size, only wider: inline data comes this way too. */
const STATEMENT_BYTES_MAX = 64 * 1024 * 1024;

function decoded(request: IncomingMessage): Readable {
  const encoding = (request.headers['content-encoding'] ?? 'identity').toLowerCase();
  if (encoding === 'identity' || encoding === '') return request;
  const through = (decoder: zlib.Gunzip | zlib.Inflate | zlib.BrotliDecompress): Readable =>
    // A failure reaches whoever reads the decoder; the request itself may stay unread then.
    pipeline(request, decoder, () => undefined);
  if (encoding === 'gzip') return through(zlib.createGunzip());
  if (encoding === 'deflate') return through(zlib.createInflate());
  if (encoding === 'br') return through(zlib.createBrotliDecompress());
  throw frontException(
    89,
    'UNKNOWN_COMPRESSION_METHOD',
    `Content-Encoding ${encoding} is not known to the local ClickHouse front; use gzip`,
  );
}

async function readAll(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > STATEMENT_BYTES_MAX) throw tooLarge(STATEMENT_BYTES_MAX);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function refuseUnsupported(fields: URLSearchParams): void {
  for (const [name, what] of REFUSED) {
    const value = fields.get(name);
    if (value === null || value === '' || value === '0') continue;
    throw frontException(48, 'NOT_IMPLEMENTED', `${what} are not supported by the local front`);
  }
}

function split(fields: URLSearchParams): Pick<FrontRequest, 'params' | 'settings'> {
  const params: Record<string, string> = {};
  const settings: Record<string, string> = {};
  for (const [name, value] of fields) {
    if (name.startsWith('param_')) params[name.slice('param_'.length)] = value;
    else if (!RESERVED.has(name)) settings[name] = value;
  }
  return { params, settings };
}

/** Reads what a request asks for. Throws in the server's words when it asks for what is not supported. */
export async function readRequest(request: IncomingMessage): Promise<FrontRequest> {
  const fields = new URL(request.url ?? '/', 'http://front').searchParams;
  refuseUnsupported(fields);
  const boundary = multipartBoundary(request.headers['content-type']);
  const stream = decoded(request);
  if (boundary !== null) {
    for (const [name, value] of readTextParts(await readAll(stream), boundary)) {
      fields.set(name, value);
    }
  }
  const query = fields.get('query') ?? '';
  const hasBody = boundary === null && request.method !== 'GET';
  const inBody = query === '' && hasBody;
  const accepts = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  return {
    sql: inBody ? (await readAll(stream)).toString('utf8') : query,
    body: hasBody && !inBody ? stream : null,
    database: fields.get('database') ?? String(request.headers['x-clickhouse-database'] ?? ''),
    defaultFormat:
      fields.get('default_format') ??
      String(request.headers['x-clickhouse-format'] ?? 'TabSeparated'),
    queryId: fields.get('query_id'),
    gzip: accepts && /^(1|true)$/i.test(fields.get('enable_http_compression') ?? ''),
    ...split(fields),
  };
}
