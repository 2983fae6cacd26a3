import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FAULT_KINDS, type FaultKind } from './plan';
import { type ChaosResult, isRight } from './result';
import { runChaos } from './run';

const HELP = `Breaks a running Spanloom on purpose and compares everything with oracles.

  npm run chaos -- [options]

  --faults N         how many faults (${FAULT_KINDS.length}: every kind once)
  --seed S           the same seed makes the same schedule and load (1)
  --pace MS          mean time between two faults (2500)
  --downtime MS      how long ClickHouse stays away when it is killed (30000)
  --huge N           spans of a huge trace (200000)
  --rate N           generated traces per second (12)
  --recording FILE   send this OTLP/JSON recording (.jsonl.gz) instead of generated load
  --kinds A,B,…      only these kinds
  --settle MS        longest wait for everything to be stored in the end (240000)
  --keep-logs        keep the logs, and say where
  --json             only the result, on one line

Kinds: ${FAULT_KINDS.join(', ')}

Exit code 0 only when nothing was lost, doubled or changed and all comparisons hold.

Examples
  npm run chaos -- --seed 7
  npm run chaos -- --faults 200 --seed 42 --json
`;

const FLAGS = {
  faults: { type: 'string' },
  seed: { type: 'string' },
  pace: { type: 'string' },
  downtime: { type: 'string' },
  huge: { type: 'string' },
  rate: { type: 'string' },
  recording: { type: 'string' },
  kinds: { type: 'string' },
  settle: { type: 'string' },
  'keep-logs': { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

function whole(name: string, text: string | undefined, otherwise: number): number {
  const number = text === undefined ? otherwise : Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new Error(`--${name}: "${text}" is not a whole number`);
}

function kindsOf(text: string | undefined): readonly FaultKind[] {
  if (text === undefined) return FAULT_KINDS;
  return text.split(',').map((name) => {
    const kind = FAULT_KINDS.find((known) => known === name.trim());
    if (kind === undefined) throw new Error(`--kinds: there is no kind "${name}"; see --help`);
    return kind;
  });
}

function show(result: ChaosResult): string {
  return Object.entries(result)
    .map(([name, value]) => `${name.padEnd(24)}${typeof value === 'object' ? '' : value}`)
    .join('\n');
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: FLAGS });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const kinds = kindsOf(values.kinds);
  const begun_ms = Date.now();
  const note = (text: string): void => {
    const seconds = ((Date.now() - begun_ms) / 1000).toFixed(1);
    process.stderr.write(`${seconds.padStart(7)} s  ${text}\n`);
  };
  const result = await runChaos({
    seed: whole('seed', values.seed, 1),
    faults: whole('faults', values.faults, kinds.length),
    pace_ms: whole('pace', values.pace, 2500),
    downtime_ms: whole('downtime', values.downtime, 30_000),
    huge_spans: whole('huge', values.huge, 200_000),
    traces_per_second: whole('rate', values.rate, 12),
    settle_ms: whole('settle', values.settle, 240_000),
    kinds,
    ...(values.recording === undefined ? {} : { recording: values.recording }),
    onNote: values.json ? () => undefined : note,
    onLogs: (folder) => {
      if (!values['keep-logs']) return;
      const kept = mkdtempSync(join(tmpdir(), 'spanloom-chaos-logs-'));
      cpSync(folder, kept, { recursive: true });
      note(`logs are kept in ${kept}`);
    },
  });
  if (!values.json) process.stdout.write(`${show(result)}\n`);
  process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exitCode = isRight(result) ? 0 : 1;
}

main().catch((error: unknown) => {
  process.stderr.write(
    `error: ${error instanceof Error ? (error.stack ?? error.message) : error}\n`,
  );
  process.exitCode = 2;
});
