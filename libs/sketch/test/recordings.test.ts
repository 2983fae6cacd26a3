import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { SCAN_SPAN, SpanBatchBuilder, SpanScanner } from '@spanloom/avro';
import { createOtlpDecoder, DEFAULT_OTLP_LIMITS } from '@spanloom/otlp';
import {
  createLatencyState,
  decodePaneBatch,
  LATENCY_RULES,
  type LatencyFlush,
  type LatencyPane,
  Sketch,
  step,
} from '../src';
import { exactQuantile } from './distributions';

const FOLDER =
  process.env.SPANLOOM_RECORDINGS ?? resolve(__dirname, '..', '..', '..', '..', 'shared', 'data');
const QUANTILES = [0.5, 0.75, 0.9, 0.95, 0.99, 0.999];

/** The durations of the recording's distinct spans by series, and all its spans as messages. */
function load(path: string) {
  const decoder = createOtlpDecoder(DEFAULT_OTLP_LIMITS);
  const scanner = new SpanScanner();
  const builder = new SpanBatchBuilder();
  const durations = new Map<string, number[]>();
  const batches: Buffer[] = [];
  const seen = new Set<string>();
  let repeats = 0;
  for (const line of gunzipSync(readFileSync(path)).toString().split('\n')) {
    if (line === '') continue;
    decoder.json(Buffer.from(line));
    scanner.resetRaw(decoder.arena.writer.buffer, 0, decoder.arena.writer.length);
    builder.reset();
    while (scanner.next() === SCAN_SPAN) {
      const { buffer, kind, statusCode } = scanner;
      builder.add(buffer, scanner.spanStart, scanner.spanEnd);
      const id = buffer.toString('latin1', scanner.traceIdAt, scanner.traceIdAt + 24) + kind;
      if (seen.has(id)) repeats++;
      else {
        const service = buffer.toString('utf8', scanner.serviceStart, scanner.serviceEnd);
        const name = buffer.toString('utf8', scanner.nameStart, scanner.nameEnd);
        const key = [service, name, kind, statusCode].join('|');
        const list = durations.get(key);
        if (list === undefined) durations.set(key, [scanner.durationNano]);
        else list.push(scanner.durationNano);
      }
      seen.add(id);
    }
    batches.push(builder.finish(1, 0));
  }
  return { durations, batches, distinct: seen.size, repeats };
}

/** Runs the messages through the reducer, `batches_per_s` of them a second of log time. */
function reduce(batches: readonly Buffer[], batches_per_s: number) {
  const rules = { ...LATENCY_RULES, template_operations: false };
  const state = createLatencyState(0, 1, rules, { seq: 1, clockS: 0 });
  const flushes: LatencyFlush[] = [];
  batches.forEach((batch, offset) => {
    const timestampMs = Math.floor((offset * 1000) / batches_per_s);
    flushes.push(...step(state, { offset, timestampMs, batch }));
  });
  flushes.push(...step(state, { offset: batches.length, timestampMs: 1e12, batch: null }));
  const panes = flushes.flatMap((flush) =>
    flush.messages.flatMap((message) => decodePaneBatch(message).panes),
  );
  return { panes, counters: state.counters };
}

function merged(panes: readonly LatencyPane[]): Map<string, Sketch> {
  const sketches = new Map<string, Sketch>();
  for (const pane of panes) {
    const key = [pane.service, pane.operation, pane.kind, pane.statusCode].join('|');
    const sketch = sketches.get(key) ?? new Sketch();
    sketch.merge(pane);
    sketches.set(key, sketch);
  }
  return sketches;
}

describe.each(['boutique', 'trainticket'])('recording %s', (name) => {
  const path = join(FOLDER, `${name}.otlp.jsonl.gz`);

  it('every series within 1 % of the exact percentiles, after merging all its panes', () => {
    if (!existsSync(path)) {
      console.log(`not checked: ${path} is not there (set SPANLOOM_RECORDINGS)`);
      return;
    }
    const { durations, batches, distinct, repeats } = load(path);
    const { panes, counters } = reduce(batches, 500);
    expect(counters).toMatchObject({ badSpans: 0, overflowed: 0, outOfRange: 0 });
    // The recorded repeats follow each other closely: none falls behind a flush.
    expect([counters.spans, counters.duplicates]).toEqual([distinct, repeats]);
    const sketches = merged(panes);
    expect(sketches.size).toBe(durations.size);
    let worst = 0;
    for (const [key, list] of durations) {
      const sorted = Float64Array.from(list).sort();
      const sketch = sketches.get(key) as Sketch;
      sketch.quantiles(QUANTILES).forEach((estimate, i) => {
        const exact = exactQuantile(sorted, QUANTILES[i] as number);
        worst = Math.max(worst, Math.abs(estimate - exact) / Math.max(1, exact));
      });
    }
    expect(worst).toBeLessThan(0.01);
    console.log(
      `${name}: ${durations.size} series, ${panes.length} panes, worst error ${(worst * 100).toFixed(2)} %`,
    );
  }, 120_000);
});
