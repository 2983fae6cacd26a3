import { parseArgs } from 'node:util';
import { SpanloomError } from '@spanloom/runtime';

/** What the bench of reads is asked to do. */
export interface ReadsOptions {
  readonly spans: number;
  /** Over how long a time they are spread; a multiple of ten. */
  readonly minutes: number;
  /** Nothing on stdout but the JSON. */
  readonly json: boolean;
}

export const HELP = `Stores the same spans as rows of otel_traces and, through the latency worker's reducer, as panes, in one
embedded ClickHouse, and compares what percentiles over all of the time read from each.

  npm run bench:reads -- --spans 5000000         a day of spans, then the figures as a table and JSON

  --spans N      generated spans, of 13 attributes and 470 bytes, ten a trace (default 1000000)
  --minutes N    the time that they cover, a multiple of ten (default 1440: a day)
  --json         nothing on stdout but the JSON

Needs about 1 KB of disk a span, in the system's folder for temporary files, and gives it back.
`;

const OPTIONS = {
  spans: { type: 'string', default: '1000000' },
  minutes: { type: 'string', default: '1440' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

function whole(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new SpanloomError(
    'usage',
    `--${name}: "${text}" should be a whole number from ${min} to ${max}`,
  );
}

/** Reads the command line; null when it asks for help. SpanloomError('usage') says what is wrong. */
export function readReadsOptions(args: readonly string[]): ReadsOptions | null {
  const values = parse(args);
  if (values.help) return null;
  const minutes = whole('minutes', values.minutes, 10, 10_080);
  if (minutes % 10 !== 0) {
    throw new SpanloomError('usage', `--minutes: ${minutes} should be a multiple of ten`);
  }
  return { spans: whole('spans', values.spans, 1_000, 100_000_000), minutes, json: values.json };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw new SpanloomError('usage', `${(error as Error).message}; see --help`, { cause: error });
  }
}
