import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { SCAN_SPAN, SpanScanner } from '@spanloom/avro';
import { createOtlpDecoder, DEFAULT_OTLP_LIMITS } from '@spanloom/otlp';

/** A whole trace: its distinct spans' Avro bytes, as a fragment's segment has them. */
export interface RecordedTrace {
  /** Hex. */
  readonly traceId: string;
  /** In which its last span ended. */
  readonly endS: number;
  readonly spans: readonly Buffer[];
}

/** When one span of a service ended, and how long it took. */
export interface RecordedSpan {
  readonly service: string;
  readonly endS: number;
  readonly nano: number;
}

/** A recording, in order of end. */
export interface Recording {
  readonly traces: readonly RecordedTrace[];
  /** Those that calls enter services by. */
  readonly entries: readonly RecordedSpan[];
}

const KIND_SERVER = 2;

interface Gathered {
  readonly traceId: string;
  endS: number;
  readonly spans: Buffer[];
}

/** Reads a file of OTLP/JSON lines, gzip or not, through the gateway's decoder; drops repeated spans. */
export function readRecording(path: string): Recording {
  const decoder = createOtlpDecoder(DEFAULT_OTLP_LIMITS);
  const scanner = new SpanScanner();
  const traces = new Map<string, Gathered>();
  const entries: RecordedSpan[] = [];
  const seen = new Set<string>();
  const bytes = readFileSync(path);
  const text = path.endsWith('.gz') ? gunzipSync(bytes) : bytes;
  for (const line of text.toString().split('\n')) {
    if (line === '') continue;
    decoder.json(Buffer.from(line));
    scanner.resetRaw(decoder.arena.writer.buffer, 0, decoder.arena.writer.length);
    while (scanner.next() === SCAN_SPAN) addSpan(scanner, seen, traces, entries);
  }
  return {
    traces: [...traces.values()].sort((a, b) => a.endS - b.endS),
    entries: entries.sort((a, b) => a.endS - b.endS),
  };
}

function addSpan(
  scanner: SpanScanner,
  seen: Set<string>,
  traces: Map<string, Gathered>,
  entries: RecordedSpan[],
): void {
  const { buffer, traceIdAt, kind, endUnixS: endS } = scanner;
  const id = buffer.toString('latin1', traceIdAt, traceIdAt + 24) + kind;
  if (seen.has(id)) return;
  seen.add(id);
  const traceId = buffer.toString('hex', traceIdAt, traceIdAt + 16);
  const trace = traces.get(traceId) ?? { traceId, endS, spans: [] };
  traces.set(traceId, trace);
  trace.spans.push(Buffer.from(buffer.subarray(scanner.spanStart, scanner.spanEnd)));
  trace.endS = Math.max(trace.endS, endS);
  if (kind !== KIND_SERVER) return;
  const service = buffer.toString('utf8', scanner.serviceStart, scanner.serviceEnd);
  entries.push({ service, endS, nano: scanner.durationNano });
}
