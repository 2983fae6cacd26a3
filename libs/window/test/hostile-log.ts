import { AvroWriter, SpanBatchBuilder, writeSpan } from '@spanloom/avro';
import type { Span } from '@spanloom/model';
import fc from 'fast-check';
import { type ScannedRecord, scanRecord, type WindowRules } from '../src';
import type { LogSpan } from './naive-model';

/** Small rules, so that short logs reach every one of them. */
export const RULES: WindowRules = {
  gap_s: 10,
  grace_s: 2,
  cut_s: 60,
  memory_s: 30,
  memory_ids_max: 2_000_000,
  ledger_s: 10,
  fragment_spans_max: 12,
  fragment_bytes_max: 700_000,
  window_bytes_max: 64 * 1024 * 1024,
};

/** A time that makes a plausible log clock. */
export const BASE_S = 1_700_000_000;

const PACES: readonly (readonly number[])[] = [
  [0, 1, 1, 2, 9], // endless
  [0, 0, 0, 1, 3, 9, 11], // bursty
  [0, 0, 0, 0, 1], // oversize
  [9, 9, 9, 10, 11], // pausing
  [0, 1, 2, 3, 5, 8, 12, 25], // mixed
  [0, 1, 20, 80], // short
  [29, 30, 31], // repeats around the memory's edge
];

/** Random logs with endless, bursty, oversize and pausing traces, repeated spans and repeated roots. */
export const hostileLog: fc.Arbitrary<LogSpan[]> = fc
  .array(
    fc.record({
      pace: fc.constantFrom(...PACES),
      start: fc.nat(150),
      steps: fc.array(
        fc.record({ step: fc.nat(), repeat: fc.nat(9), back: fc.nat(7), root: fc.nat(40) }),
        {
          minLength: 1,
          maxLength: 60,
        },
      ),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((traces) => {
    const log: (LogSpan & { order: number })[] = [];
    traces.forEach(({ pace, start, steps }, trace) => {
      let timeS = BASE_S + start;
      let count = 0;
      for (const { step, repeat, back, root } of steps) {
        const again = count > 0 && repeat === 0;
        const span = again ? Math.max(0, count - 1 - back) : count;
        if (!again) count++;
        log.push({ timeS, trace, span, root: span === 0 || root === 0, order: log.length });
        timeS += pace[step % pace.length] as number;
      }
    });
    return log.sort((a, b) => a.timeS - b.timeS || a.order - b.order);
  });

/** Trace ids that sort like their numbers. */
export function traceIdOf(trace: number): string {
  return (trace * 7919 + 1).toString(16).padStart(6, '0').padEnd(32, 'ab');
}

/** Number of the trace with this id. */
export function traceOf(id: string): number {
  return (Number.parseInt(id.slice(0, 6), 16) - 1) / 7919;
}

function spanOf({ trace, span, root }: LogSpan): Span {
  return {
    traceId: traceIdOf(trace),
    spanId: (span + 1).toString(16).padStart(16, '0'),
    parentSpanId: root ? '' : 'ffffffffffffffff',
    startUnixNano: 1n,
    durationNano: 1n,
    kind: 1,
    statusCode: 0,
    service: 's',
    name: 'n',
    traceState: '',
    flags: 0,
    statusMessage: '',
    scopeName: '',
    scopeVersion: '',
    resourceAttributes: {},
    attributes: {},
    events: [],
    links: [],
  };
}

/** The log as scanned records; `cut` says after which spans of the same second a record ends. */
export function recordsOf(log: readonly LogSpan[], cut: (i: number) => boolean): ScannedRecord[] {
  const records: ScannedRecord[] = [];
  const builder = new SpanBatchBuilder();
  const writer = new AvroWriter();
  log.forEach((entry, i) => {
    writer.reset();
    writeSpan(writer, spanOf(entry));
    builder.add(writer.view());
    const next = log[i + 1];
    if (next !== undefined && next.timeS === entry.timeS && !cut(i)) return;
    records.push(scanRecord(records.length, entry.timeS * 1000, builder.finish(1, 0)));
    builder.reset();
  });
  return records;
}
