import { basename } from 'node:path';
import { AvroWriter, writeSpan } from '@spanloom/avro';
import { readLines } from '@spanloom/cli';
import type { OutgoingRecord } from '@spanloom/kafka';
import { createOtlpDecoder, DEFAULT_OTLP_LIMITS } from '@spanloom/otlp';
import { createPacks } from '../load/packs';
import { DEFAULT_SHAPE } from '../spans/shape';
import { createSpanSource } from '../spans/span-source';

/** Calls `onSpan` with each span's Avro bytes, `source[start…end)`, valid during the call. */
export type ReadSpans = (
  onSpan: (source: Buffer, start: number, end: number) => void,
) => Promise<void>;

/** Spans to measure with. */
export interface DataSet {
  readonly name: string;
  readonly read: ReadSpans;
}

/** Messages as the gateway would send them. */
export interface Messages {
  readonly records: readonly OutgoingRecord[];
  readonly spans: number;
}

/** The default of the setting `partitions`: so many packs fill side by side. */
const PARTITIONS = 8;
const SCHEMA_ID = 1;
const START_UNIX_NANO = 1_760_000_000_000_000_000n;
const STEP_NANO = 50_000n;

/** The spans of `npm run bench`. */
export function generatedSet(spans: number): DataSet {
  return {
    name: 'generated',
    read: async (onSpan) => {
      const source = createSpanSource({ ...DEFAULT_SHAPE, spans });
      const writer = new AvroWriter();
      for (let i = 0; i < spans; i++) {
        const span = source.next(START_UNIX_NANO + BigInt(i) * STEP_NANO);
        if (span === null) break;
        writer.reset();
        writeSpan(writer, span);
        onSpan(writer.buffer, 0, writer.length);
      }
    },
  };
}

/** The spans of a recording in its order, decoded as the gateway decodes them. */
export function recordedSet(path: string): DataSet {
  return {
    name: basename(path),
    read: async (onSpan) => {
      const decoder = createOtlpDecoder(DEFAULT_OTLP_LIMITS);
      for await (const line of readLines(path, () => undefined)) {
        decoder.json(Buffer.from(line.text));
        decoder.arena.forEachSpan(onSpan);
      }
    },
  };
}

/** Packs the spans by trace into messages of `batch` spans on the mean. */
export async function packMessages({ read }: DataSet, batch: number): Promise<Messages> {
  const packs = createPacks(PARTITIONS, SCHEMA_ID);
  const records: OutgoingRecord[] = [];
  let spans = 0;
  await read((source, start, end) => {
    packs.add(source, start, end);
    spans++;
    if (packs.spanCount >= batch * PARTITIONS) records.push(...packs.take());
  });
  records.push(...packs.take());
  return { records, spans };
}
