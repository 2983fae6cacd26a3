import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { checkStored, createOracle, generateLoad } from '@spanloom/cli';
import { type ClickHouse, createClickHouse, migrate } from '@spanloom/clickhouse';
import { SPAN_KIND_NAMES, type Span, STATUS_CODE_NAMES } from '@spanloom/model';
import { createLogger, systemClock } from '@spanloom/runtime';

const logger = createLogger({ service: 'check-test', level: 'silent' });
let clickhouse: ClickHouse;

beforeAll(async () => {
  clickhouse = createClickHouse(
    {
      clickhouse_url: process.env.CLICKHOUSE_URL ?? '',
      clickhouse_database: `check_${randomUUID().slice(0, 8)}`,
      clickhouse_user: 'default',
      clickhouse_password: '',
    },
    { logger },
  );
  await migrate(clickhouse, join(__dirname, '..', '..', 'schemas', 'clickhouse'), { logger });
});

afterAll(async () => {
  await clickhouse.command(`DROP DATABASE IF EXISTS ${clickhouse.database}`);
  await clickhouse.close();
});

beforeEach(() => clickhouse.command('TRUNCATE TABLE otel_traces'));

const seconds = (nanos: bigint): string =>
  `${nanos / 1_000_000_000n}.${(nanos % 1_000_000_000n).toString().padStart(9, '0')}`;

function rowOf(span: Span): object {
  return {
    Timestamp: seconds(span.startUnixNano),
    TraceId: span.traceId,
    SpanId: span.spanId,
    ParentSpanId: span.parentSpanId,
    TraceState: span.traceState,
    SpanName: span.name,
    SpanKind: SPAN_KIND_NAMES[span.kind],
    ServiceName: span.service,
    ResourceAttributes: span.resourceAttributes,
    ScopeName: span.scopeName,
    ScopeVersion: span.scopeVersion,
    SpanAttributes: span.attributes,
    Duration: span.durationNano.toString(),
    StatusCode: STATUS_CODE_NAMES[span.statusCode],
    StatusMessage: span.statusMessage,
    'Events.Timestamp': span.events.map((e) => seconds(e.timeUnixNano)),
    'Events.Name': span.events.map((e) => e.name),
    'Events.Attributes': span.events.map((e) => e.attributes),
    'Links.TraceId': span.links.map((l) => l.traceId),
    'Links.SpanId': span.links.map((l) => l.spanId),
    'Links.TraceState': span.links.map((l) => l.traceState),
    'Links.Attributes': span.links.map((l) => l.attributes),
    Flags: span.flags,
    StoredAt: Math.floor(Date.now() / 1000),
  };
}

async function store(spans: readonly Span[]): Promise<void> {
  const rows = spans.map((span) => JSON.stringify(rowOf(span))).join('\n');
  await clickhouse.command(`INSERT INTO otel_traces FORMAT JSONEachRow\n${rows}`);
}

/** A little load, its duplicates left out, and an oracle that knows it. */
function sample() {
  const oracle = createOracle();
  const load = { seed: 11, traces: 130, tracesPerSecond: 50, startUnixMs: Date.now() };
  const distinct = new Map<string, Span>();
  for (const { spans } of generateLoad(load)) {
    for (const span of spans) {
      oracle.sent(span);
      distinct.set(`${span.traceId} ${span.spanId} ${span.kind}`, span);
    }
  }
  return { oracle, spans: [...distinct.values()] };
}

const check = (oracle: ReturnType<typeof createOracle>) =>
  checkStored(clickhouse, oracle, {
    clock: systemClock,
    signal: new AbortController().signal,
    patience_ms: 0,
    onProgress: () => undefined,
  });

describe('the check of what is stored against what was sent', () => {
  test('finds nothing wrong where nothing is, over several chunks of traces', async () => {
    const { oracle, spans } = sample();
    await store(spans);
    expect(await check(oracle)).toEqual({
      tracesStored: 130,
      spansStored: spans.length,
      lost: 0,
      duplicated: 0,
      corrupted: 0,
    });
  });

  test('counts what is lost, doubled, changed in one attribute, or never sent', async () => {
    const { oracle, spans } = sample();
    const [lost, doubled, changed, ...rest] = spans;
    if (lost === undefined || doubled === undefined || changed === undefined) throw new Error();
    await store([...rest, doubled]);
    // A part of its own: within one insert the engine would take the copy away at once.
    await store([
      doubled,
      { ...changed, attributes: { ...changed.attributes, 'thread.id': 'other' } },
      { ...changed, spanId: 'f'.repeat(16) },
    ]);
    expect(await check(oracle)).toMatchObject({
      spansStored: spans.length - 1,
      lost: 1,
      duplicated: 1,
      corrupted: 2,
    });
  });
});
