import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A parsed `.avsc` file. */
export type AvroSchema = Readonly<Record<string, unknown>>;

/** Finds the repository's `schemas/avro` folder from wherever this file runs (source or `dist`). */
function schemaFolder(): string {
  let folder = __dirname;
  for (;;) {
    const candidate = join(folder, 'schemas', 'avro');
    try {
      readFileSync(join(candidate, 'SpanBatch.avsc'));
      return candidate;
    } catch {
      const parent = dirname(folder);
      if (parent === folder) throw new Error(`schemas/avro not found above ${__dirname}`);
      folder = parent;
    }
  }
}

function load(name: string): AvroSchema {
  return JSON.parse(readFileSync(join(schemaFolder(), `${name}.avsc`), 'utf8')) as AvroSchema;
}

/** The canonical schemas, as registered under `<topic>-value`. */
export const SCHEMAS = {
  spanBatch: load('SpanBatch'),
  traceFragment: load('TraceFragment'),
  latencyPane: load('LatencyPane'),
  figureBatch: load('FigureBatch'),
  selfTime: load('SelfTimeBatch'),
  anomaly: load('Anomaly'),
  deadLetter: load('DeadLetter'),
} as const;

/** Which schema each topic's values are written with, by the topic's name without prefix. */
export const TOPIC_SCHEMAS: Readonly<Record<string, AvroSchema>> = {
  spans: SCHEMAS.spanBatch,
  traces: SCHEMAS.traceFragment,
  latency: SCHEMAS.latencyPane,
  figures: SCHEMAS.figureBatch,
  'self-times': SCHEMAS.selfTime,
  anomalies: SCHEMAS.anomaly,
  'dead-letters': SCHEMAS.deadLetter,
};
