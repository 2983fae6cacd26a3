import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { decodeSpan, SCAN_END, SCAN_SPAN, SpanScanner } from '@spanloom/avro';
import type { Span } from '@spanloom/model';
import { countJsonSpans, createOtlpDecoder, DEFAULT_OTLP_LIMITS, encodeOtlpRequest } from '../src';
import { spansIn } from './decoded';

const FOLDER =
  process.env.SPANLOOM_RECORDINGS ?? resolve(__dirname, '..', '..', '..', '..', 'shared', 'data');
const LINES_THROUGH_PROTOBUF = 300;

interface Summary {
  readonly spans: number;
  readonly distinct_spans: number;
  readonly traces: number;
  readonly sum_duration_ns_distinct: number;
}

/** Every span of the recording, counted and summed without objects. */
function summarise(lines: readonly string[]): Summary & { readonly counted: number } {
  const decoder = createOtlpDecoder(DEFAULT_OTLP_LIMITS);
  const scanner = new SpanScanner();
  const ids = new Set<string>();
  const traces = new Set<string>();
  let spans = 0;
  let counted = 0;
  let sum = 0n;
  for (const line of lines) {
    counted += countJsonSpans(line) ?? 0;
    expect(decoder.json(Buffer.from(line))).toEqual({ kind: 'decoded' });
    expect(decoder.arena.rejectedCount).toBe(0);
    const bytes = decoder.arena.writer;
    scanner.resetRaw(bytes.buffer, 0, bytes.length);
    while (scanner.next() === SCAN_SPAN) {
      spans++;
      const id = scanner.buffer.toString('latin1', scanner.traceIdAt, scanner.traceIdAt + 24);
      traces.add(id.slice(0, 16));
      if (!ids.has(id)) sum += BigInt(scanner.durationNano);
      ids.add(id);
    }
    expect(scanner.next()).toBe(SCAN_END);
  }
  return {
    spans,
    counted,
    distinct_spans: ids.size,
    traces: traces.size,
    sum_duration_ns_distinct: Number(sum),
  };
}

describe.each(['boutique', 'trainticket'])('the recording %s', (name) => {
  const file = join(FOLDER, `${name}.otlp.jsonl.gz`);
  if (!existsSync(file)) {
    it('was not tried, because it is not there', () => {
      console.log(`skipped: ${file} is not there; set SPANLOOM_RECORDINGS to the folder it is in`);
    });
    return;
  }
  const lines = gunzipSync(readFileSync(file)).toString('utf8').trimEnd().split('\n');

  it('decodes to the spans, traces and durations of its summary', () => {
    const summary = JSON.parse(
      readFileSync(join(FOLDER, `${name}.summary.json`), 'utf8'),
    ) as Summary;
    const { spans, distinct_spans, traces, sum_duration_ns_distinct } = summary;
    expect(summarise(lines)).toEqual({
      spans,
      counted: spans,
      distinct_spans,
      traces,
      sum_duration_ns_distinct,
    });
  }, 60_000);

  it('is the same through protobuf', () => {
    const json = createOtlpDecoder(DEFAULT_OTLP_LIMITS);
    const protobuf = createOtlpDecoder(DEFAULT_OTLP_LIMITS);
    for (const line of lines.slice(0, LINES_THROUGH_PROTOBUF)) {
      json.json(Buffer.from(line));
      const spans: readonly Span[] = spansIn(json.arena).map((bytes) => decodeSpan(bytes));
      protobuf.protobuf(encodeOtlpRequest(spans));
      expect(spansIn(protobuf.arena)).toEqual(spansIn(json.arena));
    }
  });
});
