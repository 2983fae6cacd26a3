import {
  AvroWriter,
  FragmentBatchBuilder,
  writeFragmentHeader,
  writeLedgerEntry,
  writeSegmentHeader,
  writeSpan,
} from '@spanloom/avro';
import type { Span } from '@spanloom/model';

/** The schema id of spans in tests. */
export const SCHEMA_ID = 1;

/** An entry of a message of the topic `traces`. */
export type Entry =
  | { readonly spans: readonly Span[]; readonly late?: boolean; readonly reason?: number }
  | 'ledger';

/** A message with consecutive entries. */
export function fragmentMessage(
  partition: number,
  firstSeq: number,
  entries: readonly Entry[],
  schemaId = SCHEMA_ID,
): Buffer {
  const builder = new FragmentBatchBuilder(partition);
  entries.forEach((entry, i) => {
    builder.add(firstSeq + i, entry === 'ledger' ? ledger() : fragment(entry, schemaId));
  });
  return builder.finish(schemaId);
}

function ledger(): Buffer {
  const writer = new AvroWriter();
  const none = { received: 0, deadLettered: 0, sampledOut: 0, openSpans: 0 };
  writeLedgerEntry(writer, { atS: 10, fromOffset: 0, toOffset: 1, ...none });
  return writer.take();
}

function fragment(entry: Exclude<Entry, 'ledger'>, schemaId: number): Buffer {
  const { spans, late = false, reason = 0 } = entry;
  const body = new AvroWriter();
  for (const span of spans) writeSpan(body, span);
  const writer = new AvroWriter();
  const traceId = Buffer.from((spans[0] as Span).traceId, 'hex');
  const times = { openedAtS: 1, closedAtS: 2 };
  const counts = { spanCount: spans.length, duplicateCount: 0 };
  writeFragmentHeader(writer, traceId, 0, { ...times, reason, late, ...counts });
  writer.writeLong(1);
  writeSegmentHeader(writer, schemaId, spans.length, body.length);
  writer.writeRaw(body.view());
  writer.writeByte(0);
  return writer.take();
}

/** A span; times in ms after {@link SPAN_TIME_S}. */
export function spanOf(
  trace: number,
  id: number,
  change: Partial<Span> & { readonly startMs?: number; readonly ms?: number } = {},
): Span {
  const { startMs = 0, ms = 10, ...rest } = change;
  return {
    traceId: trace.toString(16).padStart(32, '0'),
    spanId: id.toString(16).padStart(16, '0'),
    parentSpanId: '',
    startUnixNano: BigInt(SPAN_TIME_S) * 1_000_000_000n + BigInt(Math.round(startMs * 1e6)),
    durationNano: BigInt(Math.round(ms * 1e6)),
    kind: 2,
    statusCode: 0,
    service: 'shop',
    name: 'GET /',
    traceState: '',
    flags: 0,
    statusMessage: '',
    scopeName: '',
    scopeVersion: '',
    resourceAttributes: {},
    attributes: {},
    events: [],
    links: [],
    ...rest,
  };
}

/** Span time in tests, s: a multiple of 10. */
export const SPAN_TIME_S = 1_700_000_000;

const id = (n: number): string => n.toString(16).padStart(16, '0');

/** Shop calls cart: the server spans of both, the call between them, and a query in cart. */
export function callTrace(trace: number, startMs: number, cartMs = 20): readonly Span[] {
  return [
    spanOf(trace, 1, { startMs, ms: cartMs + 30 }),
    spanOf(trace, 2, {
      startMs: startMs + 10,
      ms: cartMs + 6,
      kind: 3,
      name: 'call',
      parentSpanId: id(1),
    }),
    spanOf(trace, 3, { startMs: startMs + 13, ms: cartMs, service: 'cart', parentSpanId: id(2) }),
    spanOf(trace, 4, {
      startMs: startMs + 14,
      ms: 5,
      kind: 1,
      service: 'cart',
      name: 'query 4711/1',
      parentSpanId: id(3),
    }),
  ];
}
