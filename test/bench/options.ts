import { parseArgs } from 'node:util';
import { SpanloomError } from '@spanloom/runtime';
import { SWEEPS, type SweepName } from './run/sweep';
import { DEFAULT_SHAPE, type SpanShape } from './spans/shape';

/** What the bench is asked to do. */
export interface BenchOptions {
  readonly shape: SpanShape;
  readonly partitions: number;
  readonly copies: number;
  /** Seconds of each steady load; 0 leaves it out. */
  readonly steady_s: number;
  readonly gateway: boolean;
  readonly sweep: SweepName | null;
  /** Path of an OpenTelemetry Collector. */
  readonly otelcol: string | null;
  /** Progress goes to stderr, and stdout has the JSON alone. */
  readonly json: boolean;
}

export const HELP = `Measures what Spanloom costs per span, on real engines that it starts for itself.

  npm run bench                           200,000 spans: a table, and JSON in the last line
  npm run bench -- --spans 1000000 --json nothing on stdout but the JSON
  npm run bench -- --sweep trace-size     how the figures change with one thing
  npm run bench -- --peer otelcol=PATH    the same spans through an OpenTelemetry Collector, and ratios

  --spans N          spans of the backlog (default 200000)
  --trace-spans N    spans of a trace (default ${DEFAULT_SHAPE.trace_spans})
  --span-bytes N     mean size of a span in Avro (default ${DEFAULT_SHAPE.span_bytes}; 300 or more)
  --open-traces N    traces whose spans come mixed (default ${DEFAULT_SHAPE.open_traces})
  --partitions N     partitions of each topic (default 8)
  --copies N         processes of assembler, latency and sink each (default 1)
  --steady-s N       seconds of each steady load; 0 leaves it out (default 15)
  --no-gateway       leave the gateway out
  --sweep NAME       ${SWEEPS.join(', ')}
  --peer otelcol=PATH
  --json             nothing on stdout but the JSON
`;

const OPTIONS = {
  spans: { type: 'string', default: '200000' },
  'trace-spans': { type: 'string', default: String(DEFAULT_SHAPE.trace_spans) },
  'span-bytes': { type: 'string', default: String(DEFAULT_SHAPE.span_bytes) },
  'open-traces': { type: 'string', default: String(DEFAULT_SHAPE.open_traces) },
  partitions: { type: 'string', default: '8' },
  copies: { type: 'string', default: '1' },
  'steady-s': { type: 'string', default: '15' },
  'no-gateway': { type: 'boolean', default: false },
  sweep: { type: 'string' },
  peer: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

function whole(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new SpanloomError(
    'usage',
    `--${name}: "${text}" should be a whole number from ${min} to ${max}`,
  );
}

function sweepOf(text: string | undefined): SweepName | null {
  if (text === undefined) return null;
  const known = SWEEPS.find((name) => name === text);
  if (known !== undefined) return known;
  throw new SpanloomError('usage', `--sweep: "${text}" is not one of ${SWEEPS.join(', ')}`);
}

function peerOf(text: string | undefined): string | null {
  if (text === undefined) return null;
  if (text.startsWith('otelcol=') && text.length > 'otelcol='.length) return text.slice(8);
  throw new SpanloomError('usage', `--peer: "${text}" should look like otelcol=/path/to/otelcol`);
}

/** Reads the command line; null when it asks for help. SpanloomError('usage') says what is wrong. */
export function readOptions(args: readonly string[]): BenchOptions | null {
  const values = parse(args);
  if (values.help) return null;
  return {
    shape: {
      ...DEFAULT_SHAPE,
      spans: whole('spans', values.spans, 1_000, 100_000_000),
      trace_spans: whole('trace-spans', values['trace-spans'], 1, 10_000),
      span_bytes: whole('span-bytes', values['span-bytes'], 300, 100_000),
      open_traces: whole('open-traces', values['open-traces'], 1, 10_000_000),
    },
    partitions: whole('partitions', values.partitions, 1, 1024),
    copies: whole('copies', values.copies, 1, 64),
    steady_s: whole('steady-s', values['steady-s'], 0, 3600),
    gateway: !values['no-gateway'],
    sweep: sweepOf(values.sweep),
    otelcol: peerOf(values.peer),
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
