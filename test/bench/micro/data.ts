import { AvroWriter, FragmentBatchBuilder, SpanBatchBuilder, writeSpan } from '@spanloom/avro';
import type { Span } from '@spanloom/model';
import { encodeOtlpJson, encodeOtlpRequest } from '@spanloom/otlp';
import { createWindowState, DEFAULT_RULES, scanRecord, stepInParts } from '@spanloom/window';
import { DEFAULT_SHAPE } from '../spans/shape';
import { createSpanSource } from '../spans/span-source';

/** A message of the topic `spans` and when the broker appended it. */
export interface LogMessage {
  readonly timestampMs: number;
  readonly value: Buffer;
}

/** The same spans in every form that a step takes. */
export interface MicroData {
  readonly spans: readonly Span[];
  readonly messages: readonly LogMessage[];
  /** The messages, and ticks until every window has closed. */
  readonly log: readonly LogMessage[];
  /** Requests, as many spans each as a message has. */
  readonly protobuf: readonly Buffer[];
  readonly json: readonly Buffer[];
  /** Messages of the topic `traces` with all of the spans. */
  readonly traces: readonly Buffer[];
}

export const SCHEMA_ID = 1;
const BEGIN_MS = 1_760_000_000_000;
const SPANS_PER_MESSAGE = 100;
/** Log time: the spans come at this rate, so windows close on the way. */
const SPANS_PER_S = 20_000;
const MESSAGE_BYTES_MAX = 200_000;

/** Reduces a log to messages of `traces`; `onMessage` gets each, valid during the call. */
export function reduceWindows(
  messages: readonly LogMessage[],
  onMessage: (value: Buffer) => void,
): void {
  const state = createWindowState({});
  const builder = new FragmentBatchBuilder(0);
  const cut = (): void => {
    if (builder.entryCount === 0) return;
    onMessage(builder.view(SCHEMA_ID));
    builder.reset();
  };
  const out = {
    isFull: false,
    begin(seq: number, bytes: number): AvroWriter {
      if (builder.bytes + bytes > MESSAGE_BYTES_MAX) cut();
      return builder.begin(seq, bytes);
    },
  };
  messages.forEach(({ timestampMs, value }, offset) => {
    // The sink is never full: one part is all of it.
    stepInParts(state, scanRecord(offset, timestampMs, value), DEFAULT_RULES, out).next();
  });
  cut();
}

/** Makes the data of `count` spans. */
export function microData(count: number): MicroData {
  const source = createSpanSource({ ...DEFAULT_SHAPE, spans: count });
  const spans: Span[] = [];
  for (let i = 0; i < count; i++) {
    const nanos = BigInt(BEGIN_MS) * 1_000_000n + BigInt(i) * 50_000n;
    spans.push(source.next(nanos) as Span);
  }
  const writer = new AvroWriter();
  const messages: LogMessage[] = [];
  const protobuf: Buffer[] = [];
  const json: Buffer[] = [];
  for (let at = 0; at < count; at += SPANS_PER_MESSAGE) {
    const some = spans.slice(at, at + SPANS_PER_MESSAGE);
    const builder = new SpanBatchBuilder();
    for (const span of some) {
      writer.reset();
      writeSpan(writer, span);
      builder.add(writer.buffer, 0, writer.length);
    }
    const timestampMs = BEGIN_MS + Math.floor((at / SPANS_PER_S) * 1000);
    messages.push({ timestampMs, value: builder.finish(SCHEMA_ID, timestampMs) });
    protobuf.push(encodeOtlpRequest(some));
    json.push(Buffer.from(encodeOtlpJson(some)));
  }
  // Two ticks, the way a quiet partition gets them: every window has closed after them.
  const lastMs = (messages.at(-1) as LogMessage).timestampMs;
  const tick = new SpanBatchBuilder().finish(SCHEMA_ID, 0);
  const ticks = [1, 2].map((n) => ({ timestampMs: lastMs + n * 15_000, value: tick }));
  const traces: Buffer[] = [];
  const log = [...messages, ...ticks];
  reduceWindows(log, (value) => traces.push(Buffer.from(value)));
  return { spans, messages, log, protobuf, json, traces };
}
