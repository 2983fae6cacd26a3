import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { SpanloomError } from '@spanloom/runtime';

/** What the bench of storage is asked to do. */
export interface StorageOptions {
  /** Generated spans; 0 leaves them out. */
  readonly rows: number;
  /** Rate at which the generated spans begin, which says how long a time they cover. */
  readonly spans_per_s: number;
  /** OTLP/JSON lines, as the Collector's file exporter writes them. */
  readonly recordings: readonly string[];
  /** Nothing on stdout but the JSON. */
  readonly json: boolean;
}

export const HELP = `Stores the same spans in Spanloom's table and in that of the OpenTelemetry ClickHouse exporter, in
one embedded ClickHouse, and compares bytes on disk, CPU per row, and what three searches read.

  npm run bench:storage                          1,000,000 generated spans, then the figures as a table and JSON
  npm run bench:storage -- --rows 5000000 --json nothing on stdout but the JSON
  npm run bench:storage -- --rows 0 --recording FILE.jsonl.gz

  --rows N           generated spans, of 13 attributes and 470 bytes, ten a trace (default 1000000; 0: none)
  --spans-per-s N    how many of them begin in a second (default 2000)
  --recording FILE   spans of a recording, in tables of their own; can be given again
  --json             nothing on stdout but the JSON

Needs about 0.7 KB of disk a row, in the system's folder for temporary files, and gives it back.
`;

const OPTIONS = {
  rows: { type: 'string', default: '1000000' },
  'spans-per-s': { type: 'string', default: '2000' },
  recording: { type: 'string', multiple: true, default: [] as string[] },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

function whole(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw new SpanloomError(
    'usage',
    `--${name}: "${text}" should be a whole number from ${min} to ${max}`,
  );
}

/** Reads the command line; null when it asks for help. SpanloomError('usage') says what is wrong. */
export function readStorageOptions(args: readonly string[]): StorageOptions | null {
  const values = parse(args);
  if (values.help) return null;
  const missing = values.recording.find((file) => !existsSync(file));
  if (missing !== undefined) {
    throw new SpanloomError('usage', `--recording: there is no file ${missing}`);
  }
  return {
    rows: whole('rows', values.rows, 0, 100_000_000),
    spans_per_s: whole('spans-per-s', values['spans-per-s'], 1, 1_000_000),
    recordings: values.recording,
    json: values.json,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw new SpanloomError('usage', `${(error as Error).message}; see --help`, { cause: error });
  }
}
