import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { SpanloomError } from '@spanloom/runtime';

/** What the bench of compression is asked to do. */
export interface CompressionOptions {
  /** Generated spans; 0 leaves them out. */
  readonly spans: number;
  /** OTLP/JSON lines, as the Collector's file exporter writes them. */
  readonly recordings: readonly string[];
  /** Spans of a message on the mean; each is measured. */
  readonly batches: readonly number[];
  /** Measured runs of each step. */
  readonly rounds: number;
  /** Nothing on stdout but the JSON. */
  readonly json: boolean;
}

export const HELP = `Measures what each compression makes of the gateway's messages: bytes per span on the wire, and CPU per
span to write a record batch and to read it. Needs no engine.

  npm run bench:compression
  npm run bench:compression -- --recording FILE.jsonl.gz --json

  --spans N          generated spans, of 13 attributes and 470 bytes, ten a trace (default 100000; 0: none)
  --recording FILE   spans of a recording too; can be given again
  --batch N          spans of a message (default 100 and 1000); can be given again
  --rounds N         measured runs of each step (default 5); the median is shown
  --json             nothing on stdout but the JSON
`;

const OPTIONS = {
  spans: { type: 'string', default: '100000' },
  recording: { type: 'string', multiple: true, default: [] as string[] },
  batch: { type: 'string', multiple: true, default: ['100', '1000'] as string[] },
  rounds: { type: 'string', default: '5' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw new SpanloomError('usage', `${(error as Error).message}; see --help`, { cause: error });
  }
}

function whole(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw new SpanloomError(
    'usage',
    `--${name}: "${text}" should be a whole number from ${min} to ${max}`,
  );
}

/** Reads the command line; null when it asks for help. SpanloomError('usage') says what is wrong. */
export function readCompressionOptions(args: readonly string[]): CompressionOptions | null {
  const values = parse(args);
  if (values.help) return null;
  const missing = values.recording.find((file) => !existsSync(file));
  if (missing !== undefined) {
    throw new SpanloomError('usage', `--recording: there is no file ${missing}`);
  }
  const spans = whole('spans', values.spans, 0, 2_000_000);
  if (spans === 0 && values.recording.length === 0) {
    throw new SpanloomError('usage', '--spans 0 without a --recording leaves nothing to measure');
  }
  return {
    spans,
    recordings: values.recording,
    batches: values.batch.map((text) => whole('batch', text, 1, 2000)),
    rounds: whole('rounds', values.rounds, 1, 100),
    json: values.json,
  };
}
