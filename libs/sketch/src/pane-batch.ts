import {
  AvroCursor,
  AvroWriter,
  readWireHeader,
  WIRE_HEADER_BYTES,
  wireHeader,
} from '@spanloom/avro';
import { bucketOfKey, paneOfKey } from './bucket-table';
import type { PaneTable } from './pane-table';
import type { SeriesSet } from './series';
import type { SketchCounts } from './sketch';

/** Length of a pane, seconds of the spans' own end time. */
export const PANE_S = 10;

const STATUS_ERROR = 2;

/** One pane of one series, or what a flush adds to it. */
export interface LatencyPane extends SketchCounts {
  /** Start of the pane, seconds since 1970. */
  readonly startS: number;
  readonly service: string;
  readonly operation: string;
  /** OTLP number. */
  readonly kind: number;
  /** OTLP number. */
  readonly statusCode: number;
  /** Spans, weighted by their adjusted counts. */
  readonly count: number;
  readonly errors: number;
  /** Of the slowest span, hex. */
  readonly exemplarTraceId: string;
  readonly exemplarSpanId: string;
}

/** One message of the topic `latency`. */
export interface LatencyPaneBatch {
  readonly partition: number;
  readonly seq: number;
  /** Log clock at the flush, seconds since 1970. */
  readonly flushedAtS: number;
  readonly panes: readonly LatencyPane[];
}

/** What all messages of one flush have in common. */
export interface BatchFrame {
  readonly partition: number;
  /** The registry's id of the schema `LatencyPane.avsc`. */
  readonly schemaId: number;
  readonly firstSeq: number;
  readonly flushedAtS: number;
  /** A message is cut before it would be larger; one pane is at most about 20 KB. */
  readonly message_bytes_max: number;
}

/**
 * Writes everything gathered as messages in Confluent wire format, numbered from `firstSeq`. Panes
 * come in order of start, service, operation, kind and status (texts by UTF-16 unit), so the
 * bytes depend on what was gathered and not on the order of look-ups.
 */
export function encodePanes(frame: BatchFrame, panes: PaneTable, series: SeriesSet): Buffer[] {
  const { keys, counts } = panes.buckets.sorted();
  const firstKey = new Int32Array(panes.size + 1);
  for (let i = 0; i < keys.length; i++) {
    const pane = paneOfKey(keys[i] as number) + 1;
    firstKey[pane] = (firstKey[pane] as number) + 1;
  }
  for (let pane = 0; pane < panes.size; pane++) {
    firstKey[pane + 1] = (firstKey[pane + 1] as number) + (firstKey[pane] as number);
  }
  const messages: Buffer[] = [];
  const body = new AvroWriter(64 * 1024);
  let inBody = 0;
  for (const pane of sortedPanes(panes, series)) {
    const start = body.length;
    writePane(body, pane, panes, series);
    const first = firstKey[pane] as number;
    const end = firstKey[pane + 1] as number;
    body.writeLong(end - first);
    for (let i = first; i < end; i++) {
      body.writeLong(bucketOfKey(keys[i] as number));
      body.writeLong(counts[i] as number);
    }
    body.writeByte(0);
    body.writeRaw(panes.exemplar, pane * 24, pane * 24 + 24);
    if (body.length > frame.message_bytes_max && inBody > 0) {
      messages.push(message(frame, messages.length, inBody, body.buffer, start));
      body.buffer.copyWithin(0, start, body.length);
      body.length -= start;
      inBody = 0;
    }
    inBody++;
  }
  if (inBody > 0) messages.push(message(frame, messages.length, inBody, body.buffer, body.length));
  return messages;
}

function sortedPanes(panes: PaneTable, series: SeriesSet): Uint32Array {
  const rank = seriesRanks(series);
  const order = Uint32Array.from({ length: panes.size }, (_, pane) => pane);
  const { start, series: of } = panes;
  return order.sort(
    (a, b) =>
      (start[a] as number) - (start[b] as number) ||
      (rank[of[a] as number] as number) - (rank[of[b] as number] as number),
  );
}

function seriesRanks(series: SeriesSet): Int32Array {
  const { services, operations, kinds, statusCodes } = series;
  const text = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  const order = Int32Array.from({ length: series.size }, (_, number) => number).sort(
    (a, b) =>
      text(services[a] as string, services[b] as string) ||
      text(operations[a] as string, operations[b] as string) ||
      (kinds[a] as number) - (kinds[b] as number) ||
      (statusCodes[a] as number) - (statusCodes[b] as number) ||
      a - b,
  );
  const rank = new Int32Array(series.size);
  for (let i = 0; i < order.length; i++) rank[order[i] as number] = i;
  return rank;
}

function writePane(body: AvroWriter, pane: number, panes: PaneTable, series: SeriesSet): void {
  const of = panes.series[pane] as number;
  const statusCode = series.statusCodes[of] as number;
  const count = panes.count[pane] as number;
  body.writeLong((panes.start[pane] as number) * PANE_S);
  body.writeString(series.services[of] as string);
  body.writeString(series.operations[of] as string);
  body.writeLong(series.kinds[of] as number);
  body.writeLong(statusCode);
  body.writeLong(count);
  body.writeLong(statusCode === STATUS_ERROR ? count : 0);
  body.writeDouble(panes.sum[pane] as number);
  body.writeDouble(panes.min[pane] as number);
  body.writeDouble(panes.max[pane] as number);
}

function message(
  frame: BatchFrame,
  index: number,
  panes: number,
  body: Buffer,
  bytes: number,
): Buffer {
  const writer = new AvroWriter(bytes + 64);
  writer.writeRaw(wireHeader(frame.schemaId));
  writer.writeLong(frame.partition);
  writer.writeLong(frame.firstSeq + index);
  writer.writeLong(frame.flushedAtS);
  writer.writeLong(panes);
  writer.writeRaw(body, 0, bytes);
  writer.writeByte(0);
  return writer.take();
}

/**
 * Reads one message of the topic `latency`.
 * @throws RangeError when it has no wire header or its bytes end early
 */
export function decodePaneBatch(value: Buffer): LatencyPaneBatch {
  if (readWireHeader(value) === null) throw new RangeError('not in Confluent wire format');
  const cursor = new AvroCursor(value, WIRE_HEADER_BYTES, value.length);
  return {
    partition: cursor.long(),
    seq: cursor.long(),
    flushedAtS: cursor.long(),
    panes: cursor.array(readPane),
  };
}

function readPane(cursor: AvroCursor): LatencyPane {
  const indices: number[] = [];
  const counts: number[] = [];
  const head = {
    startS: cursor.long(),
    service: cursor.text(),
    operation: cursor.text(),
    kind: cursor.long(),
    statusCode: cursor.long(),
    count: cursor.long(),
    errors: cursor.long(),
    sum: cursor.double(),
    min: cursor.double(),
    max: cursor.double(),
  };
  cursor.array(() => {
    indices.push(cursor.long());
    counts.push(cursor.long());
  });
  const exemplarTraceId = cursor.hex(16);
  const exemplarSpanId = cursor.hex(8);
  return { ...head, indices, counts, exemplarTraceId, exemplarSpanId };
}
