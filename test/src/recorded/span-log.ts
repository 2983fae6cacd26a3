import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SCAN_SPAN, SpanBatchBuilder, SpanScanner } from '@spanloom/avro';
import { generateLoad, type LoadOptions, readLines } from '@spanloom/cli';
import { tracePartition } from '@spanloom/kafka';
import { createOtlpDecoder, DEFAULT_OTLP_LIMITS, encodeOtlpJson } from '@spanloom/otlp';

/** A record of the topic `spans`, as the gateway would have written it while the spans were made. */
export interface SpanRecord {
  readonly partition: number;
  readonly timestampMs: number;
  readonly value: Buffer;
}

/** Where recordings are: the folder that SPANLOOM_RECORDINGS names, or one beside the repository. */
export function recordingPath(name: string): string | null {
  const folder =
    process.env.SPANLOOM_RECORDINGS ?? resolve(__dirname, '..', '..', '..', '..', 'shared', 'data');
  const path = join(folder, `${name}.otlp.jsonl.gz`);
  return existsSync(path) ? path : null;
}

/** Any id that the messages can name. */
export const SPAN_SCHEMA_ID = 1;

/** Packs requests into records; the append time is the end of the latest span in the request. */
function createPacker(partitions: number) {
  const decoder = createOtlpDecoder(DEFAULT_OTLP_LIMITS);
  const scanner = new SpanScanner();
  const packs = Array.from({ length: partitions }, () => new SpanBatchBuilder());
  return function* pack(request: string): Generator<SpanRecord> {
    decoder.json(Buffer.from(request));
    const { buffer, length } = decoder.arena.writer;
    scanner.resetRaw(buffer, 0, length);
    let endMs = 0;
    while (scanner.next() === SCAN_SPAN) {
      const traceId = buffer.toString('hex', scanner.traceIdAt, scanner.traceIdAt + 16);
      const own = packs[tracePartition(traceId, partitions)];
      own?.add(buffer, scanner.spanStart, scanner.spanEnd);
      // To the second: that is what the log clock counts in.
      endMs = Math.max(endMs, scanner.endUnixS * 1000);
    }
    for (const [partition, own] of packs.entries()) {
      if (own.spanCount === 0) continue;
      yield { partition, timestampMs: endMs, value: own.finish(SPAN_SCHEMA_ID, 0) };
      own.reset();
    }
  };
}

/** The log of a recording: OTLP/JSON lines in order of span end. */
export async function* recordedLog(path: string, partitions: number): AsyncGenerator<SpanRecord> {
  const pack = createPacker(partitions);
  for await (const line of readLines(path, () => undefined)) yield* pack(line.text);
}

/** The log of generated load, each batch appended when it is sent. */
export async function* generatedLog(
  load: LoadOptions,
  partitions: number,
): AsyncGenerator<SpanRecord> {
  const pack = createPacker(partitions);
  for (const { spans, sendAtMs } of generateLoad(load)) {
    const timestampMs = load.startUnixMs + sendAtMs;
    for (const record of pack(encodeOtlpJson(spans))) yield { ...record, timestampMs };
  }
}
