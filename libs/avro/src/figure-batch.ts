import { AvroCursor } from './avro-cursor';
import { AvroWriter } from './avro-writer';
import { readWireHeader, WIRE_HEADER_BYTES, wireHeader } from './wire';

/** Delays of one figure, leg and service that were over within ten seconds: a sketch, as libs/sketch has it. */
export interface DelayPane {
  readonly figure: 'transfer' | 'storage' | 'analysis';
  /** Which part of the way, or for analyses the route. */
  readonly leg: string;
  readonly service: string;
  /** Start of the pane, s since 1970. */
  readonly start_s: number;
  /** Spans, or queries. */
  readonly count: number;
  /** Those of them whose delay made no sense and was drawn to the nearest bound. */
  readonly clamped: number;
  /** ns. */
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  /** Rising bucket indices, and the count in each. */
  readonly indices: readonly number[];
  readonly counts: readonly number[];
}

/** What one life of a process has counted, up to some time. */
export interface ProducerCounters {
  readonly service: string;
  readonly startId: string;
  readonly ended: number;
  readonly dropped: number;
}

/** A message of the topic `figures`. */
export interface FigureBatch {
  readonly delays: readonly DelayPane[];
  readonly counters: readonly ProducerCounters[];
}

/** Encodes a message of the topic `figures`, layout of `FigureBatch.avsc`. */
export function encodeFigureBatch({ delays, counters }: FigureBatch, schemaId: number): Buffer {
  const writer = new AvroWriter(4096);
  writer.writeRaw(wireHeader(schemaId));
  if (delays.length > 0) writer.writeLong(delays.length);
  for (const pane of delays) writePane(writer, pane);
  writer.writeByte(0);
  if (counters.length > 0) writer.writeLong(counters.length);
  for (const { service, startId, ended, dropped } of counters) {
    writer.writeString(service);
    writer.writeString(startId);
    writer.writeLong(ended);
    writer.writeLong(dropped);
  }
  writer.writeByte(0);
  return writer.take();
}

function writePane(writer: AvroWriter, pane: DelayPane): void {
  writer.writeString(pane.figure);
  writer.writeString(pane.leg);
  writer.writeString(pane.service);
  writer.writeLong(pane.start_s);
  writer.writeLong(pane.count);
  writer.writeLong(pane.clamped);
  writer.writeDouble(pane.sum);
  writer.writeDouble(pane.min);
  writer.writeDouble(pane.max);
  const { indices, counts } = pane;
  if (indices.length > 0) writer.writeLong(indices.length);
  for (let i = 0; i < indices.length; i++) {
    writer.writeLong(indices[i] as number);
    writer.writeLong(counts[i] as number);
  }
  writer.writeByte(0);
}

/**
 * Decodes a message of the topic `figures`.
 * @throws RangeError when it is not one, or holds what no table can
 */
export function decodeFigureBatch(value: Buffer): FigureBatch {
  if (readWireHeader(value) === null) throw new RangeError('not in the Confluent wire format');
  const cursor = new AvroCursor(value, WIRE_HEADER_BYTES, value.length);
  return { delays: cursor.array(readPane), counters: cursor.array(readCounters) };
}

const FIGURES: ReadonlySet<string> = new Set(['transfer', 'storage', 'analysis']);
const SECONDS_MAX = 0xffffffff;
const INDEX_MAX = 0x7fff;

function readPane(cursor: AvroCursor): DelayPane {
  const figure = cursor.text();
  if (!FIGURES.has(figure)) throw new RangeError(`no figure: ${figure.slice(0, 100)}`);
  const head = {
    figure: figure as DelayPane['figure'],
    leg: cursor.text(),
    service: cursor.text(),
    start_s: within(cursor.long(), SECONDS_MAX),
    count: within(cursor.long()),
    clamped: within(cursor.long()),
    sum: finite(cursor.double()),
    min: finite(cursor.double()),
    max: finite(cursor.double()),
  };
  const indices: number[] = [];
  const counts: number[] = [];
  cursor.array(() => {
    indices.push(within(cursor.long(), INDEX_MAX));
    counts.push(within(cursor.long()));
  });
  return { ...head, indices, counts };
}

function readCounters(cursor: AvroCursor): ProducerCounters {
  return {
    service: cursor.text(),
    startId: cursor.text(),
    ended: within(cursor.long()),
    dropped: within(cursor.long()),
  };
}

function within(value: number, max = Number.MAX_SAFE_INTEGER): number {
  if (value < 0 || value > max) throw new RangeError(`${value} is not from 0 to ${max}`);
  return value;
}

function finite(value: number): number {
  if (!Number.isFinite(value)) throw new RangeError(`${value} is no duration`);
  return value;
}
