import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { nativeBlock, rowsOfBlock } from './native-block';

/** An HTTP endpoint that an exporter takes for ClickHouse: it counts the rows of inserts and drops them. */
export interface SwallowingClickHouse {
  readonly port: number;
  /** Rows so far. */
  rows(): number;
  /** Bytes of inserts so far. */
  bytes(): number;
  /** Statements that it had no answer for: must stay empty. */
  readonly unknown: readonly string[];
  close(): Promise<void>;
}

/** The columns of the exporter's table, which it asks for before it inserts. */
const SPAN_COLUMNS: readonly (readonly [string, string])[] = [
  ['Timestamp', 'DateTime64(9)'],
  ['TraceId', 'String'],
  ['SpanId', 'String'],
  ['ParentSpanId', 'String'],
  ['TraceState', 'String'],
  ['SpanName', 'LowCardinality(String)'],
  ['SpanKind', 'LowCardinality(String)'],
  ['ServiceName', 'LowCardinality(String)'],
  ['ResourceAttributes', 'Map(LowCardinality(String), String)'],
  ['ScopeName', 'String'],
  ['ScopeVersion', 'String'],
  ['SpanAttributes', 'Map(LowCardinality(String), String)'],
  ['Duration', 'UInt64'],
  ['StatusCode', 'LowCardinality(String)'],
  ['StatusMessage', 'String'],
  ['Events.Timestamp', 'Array(DateTime64(9))'],
  ['Events.Name', 'Array(LowCardinality(String))'],
  ['Events.Attributes', 'Array(Map(LowCardinality(String), String))'],
  ['Links.TraceId', 'Array(String)'],
  ['Links.SpanId', 'Array(String)'],
  ['Links.TraceState', 'Array(String)'],
  ['Links.Attributes', 'Array(Map(LowCardinality(String), String))'],
];

function hello(): Buffer {
  return nativeBlock([
    { name: 'displayName()', type: 'String', values: ['bench'] },
    { name: 'version()', type: 'String', values: ['25.3.1.1'] },
    { name: 'revision()', type: 'UInt32', values: [54460] },
    { name: 'timezone()', type: 'String', values: ['UTC'] },
  ]);
}

function description(): Buffer {
  const of = (name: string, values: readonly string[]) => ({
    name,
    type: 'String' as const,
    values,
  });
  const empty = SPAN_COLUMNS.map(() => '');
  return nativeBlock([
    of(
      'name',
      SPAN_COLUMNS.map(([name]) => name),
    ),
    of(
      'type',
      SPAN_COLUMNS.map(([, type]) => type),
    ),
    ...['default_type', 'default_expression', 'comment', 'codec_expression', 'ttl_expression'].map(
      (name) => of(name, empty),
    ),
  ]);
}

const KEEP_ALIVE_MS = 300_000;
/** Enough of a body to hold a statement, or the head of a block. */
const HEAD_BYTES = 4096;

/** Reads a body to its end; keeps only its head. */
async function readBody(request: IncomingMessage): Promise<{ head: Buffer; bytes: number }> {
  let head = Buffer.alloc(0);
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    if (head.length < HEAD_BYTES) head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES)]);
    bytes += chunk.length;
  }
  return { head, bytes };
}

/** Starts the endpoint on a free port of this machine. */
export async function startSwallowingClickHouse(): Promise<SwallowingClickHouse> {
  let rows = 0;
  let bytes = 0;
  const unknown: string[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const inUrl = new URL(request.url ?? '/', 'http://bench').searchParams.get('query');
    const body = await readBody(request);
    const statement = (inUrl ?? body.head.toString()).trim();
    if (/^INSERT/i.test(statement)) {
      rows += rowsOfBlock(body.head);
      bytes += body.bytes;
      response.end();
    } else if (/^SELECT displayName/i.test(statement)) response.end(hello());
    else if (/^DESC/i.test(statement)) response.end(description());
    else {
      if (!/^(SELECT 1)?$/i.test(statement)) unknown.push(statement.slice(0, 200));
      response.end();
    }
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      unknown.push(String(error));
      response.writeHead(500).end();
    });
  });
  // The exporter keeps its connections, and a body that is cut off would be a batch lost.
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    rows: () => rows,
    bytes: () => bytes,
    unknown,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
