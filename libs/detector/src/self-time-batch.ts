import {
  AvroCursor,
  AvroWriter,
  readWireHeader,
  WIRE_HEADER_BYTES,
  wireHeader,
} from '@spanloom/avro';
import type { SelfTimeBatch, SelfTimePane, SeriesName, SeriesPane } from './self-time-pane';

/** What stands for the kind of an edge. */
const EDGE_KIND = -1;
const NO_TRACE = '0'.repeat(32);

/** A batch that has not been cut into messages yet. */
export type WholeBatch = Omit<SelfTimeBatch, 'part'>;

/**
 * Writes a batch as messages of the topic `self-times` in Confluent wire format, numbered in order of time;
 * the bytes depend on the batch alone.
 * @param schemaId the registry's id of `SelfTimeBatch.avsc`
 * @param message_bytes_max a message is cut before it would be larger; one series is at most about 12 KB
 */
export function encodeSelfTimes(
  batch: WholeBatch,
  schemaId: number,
  message_bytes_max: number,
): readonly Buffer[] {
  const messages: Buffer[] = [];
  let panes: { readonly startS: number; readonly series: Buffer[] }[] = [];
  let bytes = 0;
  const cut = (): void => {
    messages.push(message(batch, messages.length, panes, schemaId));
    panes = [];
    bytes = 0;
  };
  for (const { startS, series } of batch.panes) {
    for (const one of series) {
      scratch.reset();
      writeSeries(scratch, one);
      if (bytes > 0 && bytes + scratch.length > message_bytes_max) cut();
      if (panes.at(-1)?.startS !== startS) panes.push({ startS, series: [] });
      panes.at(-1)?.series.push(scratch.take());
      bytes += scratch.length;
    }
  }
  if (bytes > 0 || messages.length === 0) cut();
  return messages;
}

const scratch = new AvroWriter(4096);

function message(
  batch: WholeBatch,
  part: number,
  panes: readonly { readonly startS: number; readonly series: readonly Buffer[] }[],
  schemaId: number,
): Buffer {
  const writer = new AvroWriter(64 * 1024);
  writer.writeRaw(wireHeader(schemaId));
  writer.writeLong(batch.partition);
  writer.writeLong(batch.partitions);
  writer.writeLong(batch.firstSeq);
  writer.writeLong(batch.lastSeq);
  writer.writeLong(part);
  writeArray(writer, panes, (pane) => {
    writer.writeLong(pane.startS);
    writeArray(writer, pane.series, (series) => writer.writeRaw(series));
  });
  return writer.take();
}

function writeArray<T>(writer: AvroWriter, items: readonly T[], write: (item: T) => void): void {
  if (items.length > 0) writer.writeLong(items.length);
  for (const item of items) write(item);
  writer.writeByte(0);
}

function writeSeries(writer: AvroWriter, series: SeriesPane): void {
  const { name } = series;
  writer.writeString(name.service);
  writer.writeString(name.type === 'edge' ? '' : name.operation);
  writer.writeLong(name.type === 'edge' ? EDGE_KIND : name.kind);
  writer.writeString(name.peer);
  writer.writeLong(series.traces);
  writer.writeLong(series.timedTraces);
  writer.writeDouble(series.traceNano);
  writeArray(writer, [...series.buckets.entries()], ([at, bucket]) => {
    writer.writeLong(bucket);
    writer.writeLong(series.counts[at] as number);
  });
  writer.writeDouble(series.slowestNano);
  writer.writeFixedHex(series.slowest, 16);
  writer.writeLong(series.failedTraces);
  writer.writeFixedHex(series.failed, 16);
  writeArray(writer, series.shapes, ({ children, traces, exemplar }) => {
    writer.writeLong(children);
    writer.writeLong(traces);
    writer.writeFixedHex(exemplar, 16);
  });
}

/**
 * Reads a message of the topic `self-times`.
 * @throws RangeError when it has no wire header or its bytes end early
 */
export function decodeSelfTimes(value: Buffer): SelfTimeBatch {
  if (readWireHeader(value) === null) throw new RangeError('not in Confluent wire format');
  const cursor = new AvroCursor(value, WIRE_HEADER_BYTES, value.length);
  return {
    partition: cursor.long(),
    partitions: cursor.long(),
    firstSeq: cursor.long(),
    lastSeq: cursor.long(),
    part: cursor.long(),
    panes: cursor.array(readPane),
  };
}

function readPane(cursor: AvroCursor): SelfTimePane {
  return { startS: cursor.long(), series: cursor.array(readSeries) };
}

function readSeries(cursor: AvroCursor): SeriesPane {
  const name = readName(cursor);
  const traces = cursor.long();
  const timedTraces = cursor.long();
  const traceNano = cursor.double();
  const buckets: number[] = [];
  const counts: number[] = [];
  cursor.array(() => {
    buckets.push(cursor.long());
    counts.push(cursor.long());
  });
  return {
    name,
    traces,
    timedTraces,
    traceNano,
    buckets,
    counts,
    slowestNano: cursor.double(),
    slowest: readTrace(cursor),
    failedTraces: cursor.long(),
    failed: readTrace(cursor),
    shapes: cursor.array((at) => ({
      children: at.long(),
      traces: at.long(),
      exemplar: readTrace(at),
    })),
  };
}

/** Names are few and come again and again: what waits to be judged shares them. */
const NAMES_MAX = 20_000;
const names = new Map<string, SeriesName>();

function readName(cursor: AvroCursor): SeriesName {
  const service = cursor.text();
  const operation = cursor.text();
  const kind = cursor.long();
  const peer = cursor.text();
  const key = JSON.stringify([service, operation, kind, peer]);
  const known = names.get(key);
  if (known !== undefined) return known;
  if (names.size >= NAMES_MAX) names.clear();
  const name: SeriesName =
    kind === EDGE_KIND
      ? { type: 'edge', service, peer }
      : { type: 'operation', service, operation, kind, peer };
  names.set(key, name);
  return name;
}

function readTrace(cursor: AvroCursor): string {
  const trace = cursor.hex(16);
  return trace === NO_TRACE ? '' : trace;
}
