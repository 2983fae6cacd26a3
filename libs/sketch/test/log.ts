import { AvroWriter, SpanBatchBuilder, writeSpan } from '@spanloom/avro';
import type { Span, SpanKind, StatusCode } from '@spanloom/model';
import fc from 'fast-check';
import { LATENCY_RULES, type LatencyRecord, type LatencyRules } from '../src';

/** A record of the log before encoding: a list of spans, a tick, or bytes that break off. */
export interface LogEntry {
  readonly timestampMs: number;
  readonly spans: readonly Span[];
  readonly tick: boolean;
}

/** Small bounds, so that a short log reaches all of them. */
export const SMALL_RULES: LatencyRules = {
  ...LATENCY_RULES,
  panes_max: 12,
  buckets_max: 14,
  spans_max: 16,
  message_bytes_max: 400,
  services_max: 2,
  operations_per_service_max: 2,
  series_max: 5,
};

/** A span of the given parts, the rest being fixed. */
export function span(parts: Partial<Span>): Span {
  return {
    traceId: '00000000000000000000000000000001',
    spanId: '0000000000000001',
    parentSpanId: '',
    startUnixNano: 1_700_000_000_000_000_000n,
    durationNano: 1_000_000n,
    kind: 2,
    statusCode: 0,
    service: 'cart',
    name: 'GET /cart',
    traceState: '',
    flags: 0,
    statusMessage: '',
    scopeName: '',
    scopeVersion: '',
    resourceAttributes: {},
    attributes: {},
    events: [],
    links: [],
    ...parts,
  };
}

/** A `SpanBatch` message of the spans. */
export function batchOf(spans: readonly Span[], schemaId = 7): Buffer {
  const builder = new SpanBatchBuilder();
  const writer = new AvroWriter();
  for (const one of spans) {
    writer.reset();
    writeSpan(writer, one);
    builder.add(writer.view());
  }
  return builder.finish(schemaId, 0);
}

/** The records as a reader of the partition gets them. */
export function recordsOf(log: readonly LogEntry[]): LatencyRecord[] {
  return log.map((entry, offset) => ({
    offset,
    timestampMs: entry.timestampMs,
    batch: entry.tick ? null : batchOf(entry.spans),
  }));
}

const hex = (n: number, digits: number): string => n.toString(16).padStart(digits, '0');

const anySpan = fc
  .record({
    trace: fc.integer({ min: 1, max: 4 }),
    id: fc.integer({ min: 1, max: 8 }),
    startS: fc.nat({ max: 40 }),
    nanos: fc.oneof(fc.nat({ max: 200 }), fc.maxSafeNat()),
    kind: fc.constantFrom<SpanKind>(2, 3),
    statusCode: fc.constantFrom<StatusCode>(0, 2),
    service: fc.constantFrom('cart', 'pay', 'other', 'ëxotic'),
    name: fc.constantFrom('a', 'b', 'other', 'GET /x/1', 'GET /x/2', 'd'),
    traceState: fc.constantFrom('', '', 'ot=th:8', 'x=y,ot=th:c'),
  })
  .map(({ trace, id, startS, nanos, ...rest }) =>
    span({
      ...rest,
      traceId: hex(trace, 32),
      spanId: hex(id, 16),
      startUnixNano: BigInt(1_700_000_000 + startS) * 1_000_000_000n,
      durationNano: BigInt(nanos),
    }),
  );

/** Logs whose append times mostly rise, sometimes jump and sometimes fall back. */
export const anyLog = fc
  .array(
    fc.record({
      forwardMs: fc.oneof(fc.nat({ max: 900 }), fc.integer({ min: -3_000, max: 12_000 })),
      spans: fc.array(anySpan, { maxLength: 6 }),
      tick: fc.boolean(),
    }),
    { maxLength: 40 },
  )
  .map((steps): LogEntry[] => {
    let timestampMs = 1_700_000_000_000;
    return steps.map(({ forwardMs, spans, tick }) => {
      timestampMs += forwardMs;
      return { timestampMs, spans: tick ? [] : spans, tick };
    });
  });
