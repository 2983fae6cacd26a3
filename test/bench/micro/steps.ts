import {
  AvroWriter,
  type DecodedBatch,
  FragmentReader,
  reference,
  SCAN_END,
  SpanScanner,
  WIRE_HEADER_BYTES,
  writeSpan,
} from '@spanloom/avro';
import { createOtlpDecoder, DEFAULT_OTLP_LIMITS, encodeOtlpRequest } from '@spanloom/otlp';
import { TraceRows } from '@spanloom/rowbinary';
import { SpanloomError } from '@spanloom/runtime';
import { createLatencyState, LATENCY_RULES, step as stepLatency } from '@spanloom/sketch';
import { type MicroData, reduceWindows, SCHEMA_ID } from './data';
import { type MicroResult, measure } from './measure';

/** Something that is done with all spans at once. */
interface Step {
  readonly name: string;
  /** Spans that one run handles. */
  readonly spans: number;
  readonly once: () => void;
}

/** The step that the others are compared with. */
export const YARDSTICK = 'avro: skip-scan';
/** avsc makes an object of every span and attribute: it gets some of the messages only. */
const REFERENCE_MESSAGES = 50;

function must(holds: boolean, what: string): void {
  if (!holds) throw new SpanloomError('internal', `the micro-benchmark is wrong: ${what}`);
}

function avroSteps({ spans, messages }: MicroData): readonly Step[] {
  const writer = new AvroWriter(1024 * 1024);
  const scanner = new SpanScanner();
  const some = messages.slice(0, REFERENCE_MESSAGES);
  const bodies = some.map(({ value }) => value.subarray(WIRE_HEADER_BYTES));
  const decoded = bodies.map((body) => reference.spanBatch.fromBuffer(body) as DecodedBatch);
  const referenceSpans = decoded.reduce((n, batch) => n + batch.spans.length, 0);
  return [
    {
      name: YARDSTICK,
      spans: spans.length,
      once: () => {
        let found = 0;
        for (const { value } of messages) {
          scanner.reset(value, WIRE_HEADER_BYTES, value.length);
          while (scanner.next() !== SCAN_END) found++;
        }
        must(found === spans.length, 'the scan misses spans');
      },
    },
    {
      name: 'avro: write a span',
      spans: spans.length,
      once: () => {
        for (const span of spans) {
          writer.reset();
          writeSpan(writer, span);
        }
      },
    },
    {
      name: 'avro: avsc encodes',
      spans: referenceSpans,
      once: () => {
        for (const batch of decoded) reference.spanBatch.toBuffer(batch);
      },
    },
    {
      name: 'avro: avsc decodes',
      spans: referenceSpans,
      once: () => {
        for (const body of bodies) reference.spanBatch.fromBuffer(body);
      },
    },
  ];
}

function otlpSteps({ spans, protobuf, json }: MicroData): readonly Step[] {
  const decoder = createOtlpDecoder(DEFAULT_OTLP_LIMITS);
  const decodeAll = (bodies: readonly Buffer[], how: 'protobuf' | 'json') => () => {
    let found = 0;
    for (const body of bodies) {
      decoder[how](body);
      found += decoder.arena.spanCount;
    }
    must(found === spans.length, `${how} loses spans`);
  };
  const some = spans.slice(0, REFERENCE_MESSAGES * 100);
  return [
    {
      name: 'otlp: protobuf to Avro',
      spans: spans.length,
      once: decodeAll(protobuf, 'protobuf'),
    },
    { name: 'otlp: JSON to Avro', spans: spans.length, once: decodeAll(json, 'json') },
    {
      name: 'otlp: encode protobuf',
      spans: some.length,
      once: () => {
        for (let at = 0; at < some.length; at += 100) encodeOtlpRequest(some.slice(at, at + 100));
      },
    },
  ];
}

function reducerSteps({ spans, messages, log, traces }: MicroData): readonly Step[] {
  return [
    {
      name: 'window: scan, reduce, build messages',
      spans: spans.length,
      once: () => reduceWindows(log, () => undefined),
    },
    {
      name: 'sketch: scan, reduce to panes',
      spans: spans.length,
      once: () => {
        const state = createLatencyState(0, SCHEMA_ID, LATENCY_RULES, { seq: 1, clockS: 0 });
        messages.forEach(({ timestampMs, value }, offset) => {
          stepLatency(state, { offset, timestampMs, batch: value });
        });
        must(state.counters.spans === spans.length, 'the latency reducer misses spans');
      },
    },
    {
      name: 'rowbinary: messages of traces to rows',
      spans: spans.length,
      once: () => {
        const rows = new TraceRows(0);
        const reader = new FragmentReader();
        let found = 0;
        for (const value of traces) {
          must(reader.reset(value), 'a message of traces cannot be read');
          for (let kind = reader.next(); kind !== 'end'; kind = reader.next()) {
            if (kind !== 'fragment') continue;
            found += rows.addFragment(
              reader,
              () => true,
              ({ reason }) => must(false, reason),
            );
          }
        }
        must(found === spans.length, `rows of ${found} spans`);
      },
    },
  ];
}

/** Measures every step on the same spans. */
export async function measureSteps(
  data: MicroData,
  rounds: number,
  onStep: (name: string) => void,
): Promise<readonly MicroResult[]> {
  const steps = [...avroSteps(data), ...otlpSteps(data), ...reducerSteps(data)];
  const results: MicroResult[] = [];
  for (const { name, spans, once } of steps) {
    onStep(name);
    results.push(await measure(name, spans, rounds, once));
  }
  return results;
}
