import {
  AvroWriter,
  FragmentBatchBuilder,
  type FragmentHeader,
  type LedgerEntry,
  writeFragmentHeader,
  writeLedgerEntry,
  writeSegmentHeader,
  writeSpan,
} from '@spanloom/avro';
import type { Span } from '@spanloom/model';

/** A span that is told apart by its numbers. */
export function spanOf(trace: number, number: number, change: Partial<Span> = {}): Span {
  return {
    traceId: trace.toString(16).padStart(32, '0'),
    spanId: (trace * 1000 + number).toString(16).padStart(16, '0'),
    parentSpanId: number === 1 ? '' : (trace * 1000 + 1).toString(16).padStart(16, '0'),
    startUnixNano: 1_700_000_000_000_000_000n + BigInt(trace),
    durationNano: BigInt(number) * 1000n,
    kind: 2,
    statusCode: 0,
    service: `service-${number % 3}`,
    name: `operation ${number}`,
    traceState: '',
    flags: 0,
    statusMessage: '',
    scopeName: '',
    scopeVersion: '',
    resourceAttributes: { a: 'b' },
    attributes: {},
    events: [],
    links: [],
    ...change,
  };
}

/** Spans as one segment's bytes. */
export function spanBytes(spans: readonly Span[]): Buffer {
  const writer = new AvroWriter();
  for (const span of spans) writeSpan(writer, span);
  return writer.take();
}

/** Part of a fragment as it goes on the wire. */
export interface TestSegment {
  readonly schemaId: number;
  readonly spanCount: number;
  readonly bytes: Buffer;
}

/** A fragment's entry bytes. */
export function fragmentEntry(
  trace: number,
  segments: readonly TestSegment[],
  change: Partial<FragmentHeader> = {},
): Buffer {
  const writer = new AvroWriter();
  const spanCount = segments.reduce((sum, segment) => sum + segment.spanCount, 0);
  const closedAtS = 1_700_000_000 + trace;
  writeFragmentHeader(writer, Buffer.from(trace.toString(16).padStart(32, '0'), 'hex'), 0, {
    openedAtS: closedAtS - 10,
    closedAtS,
    reason: 1,
    late: false,
    spanCount,
    duplicateCount: 0,
    ...change,
  });
  for (const { schemaId, spanCount: count, bytes } of segments) {
    writer.writeLong(1);
    writeSegmentHeader(writer, schemaId, count, bytes.length);
    writer.writeRaw(bytes);
  }
  writer.writeByte(0);
  return writer.take();
}

/** A ledger entry's bytes. */
export function ledgerEntry(change: Partial<LedgerEntry> = {}): Buffer {
  const writer = new AvroWriter();
  writeLedgerEntry(writer, {
    atS: 1_700_000_000,
    fromOffset: 0,
    toOffset: 1,
    received: 0,
    deadLettered: 0,
    sampledOut: 0,
    openSpans: 0,
    ...change,
  });
  return writer.take();
}

/** A message of the topic `traces`. */
export function tracesMessage(
  partition: number,
  firstSeq: number,
  entries: readonly Buffer[],
): Buffer {
  const builder = new FragmentBatchBuilder(partition);
  entries.forEach((entry, i) => {
    builder.add(firstSeq + i, entry);
  });
  return builder.finish(7);
}
