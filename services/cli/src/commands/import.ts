import { createClickHouse } from '@spanloom/clickhouse';
import { type RunState, readState } from '@spanloom/infra';
import { createLogger, systemClock } from '@spanloom/runtime';
import type { Command } from 'commander';
import { clickhouseConfig, gatewayUrl } from '../connection';
import { parseSpeed } from '../import/pace';
import { requireGateway } from '../import/post';
import { fileSize } from '../import/read-lines';
import { type ImportResult, resultJson, resultText } from '../import/result';
import { type SendResult, sendFiles } from '../import/send-files';
import { waitDuplicates, waitStored } from '../import/stored-spans';
import { bar, createProgress, type Progress } from '../terminal/progress';
import { homeOf } from './run-options';

const EXAMPLES = `
Examples
  spanloom import recording.otlp.jsonl.gz --wait
  spanloom import a.jsonl b.jsonl.gz --speed 10      ten times as fast as recorded
  spanloom import a.jsonl --gateway http://gateway.example:4318 --json | tail -1

Files hold one ExportTraceServiceRequest in OTLP/JSON per line, plain or gzip. The exit code is 1 when spans
were lost, or lines could not be read or were refused. Spans that the gateway rejects singly are reported on stderr.
`;

interface ImportFlags {
  readonly speed: string;
  readonly wait?: boolean;
  readonly json?: boolean;
  readonly gateway?: string;
  readonly home?: string;
}

type Outcome = Omit<ImportResult, 'spans_read' | 'seconds'>;

const NOT_WAITED: Outcome = {
  spans_stored: null,
  traces_stored: null,
  duplicates: null,
  lost: null,
  duration_ns_sum: null,
};

async function waitFor(
  { sent }: SendResult,
  since_unix_s: number,
  state: RunState | null,
  line: Progress,
): Promise<Outcome> {
  const logger = createLogger({ service: 'import', level: 'warn' });
  const clickhouse = createClickHouse(clickhouseConfig(state, process.env), { logger });
  const options = {
    query: <T>(sql: string, params: Record<string, unknown>) => clickhouse.query<T>(sql, params),
    clock: systemClock,
    sent,
    since_unix_s,
    onProgress: (stored: number) =>
      line.show(() => [
        `stored ${bar(stored / sent.distinct)}  ${stored} of ${sent.distinct} spans`,
      ]),
  };
  try {
    const stored = await waitStored(options);
    line.end();
    const { lost, duration_ns_sum, ...counts } = stored;
    return { ...counts, duplicates: await waitDuplicates(options), lost, duration_ns_sum };
  } finally {
    await clickhouse.close();
  }
}

/** Says what was not taken. Gives whether anything failed that the user has to look at. */
function reportRefused(result: SendResult, line: Progress): boolean {
  const { rejected, refused, malformed_lines } = result;
  if (rejected > 0) line.say(`${rejected} spans were rejected by the gateway`);
  if (refused > 0) line.say(`${refused} spans were in lines that the gateway refused`);
  if (malformed_lines > 0) line.say(`${malformed_lines} lines could not be read`);
  return refused > 0 || malformed_lines > 0;
}

async function runImport(files: readonly string[], flags: ImportFlags): Promise<boolean> {
  const clock = systemClock;
  const state = readState(homeOf(flags, process.env));
  const url = gatewayUrl(flags.gateway, state, process.env);
  const speed = parseSpeed(flags.speed);
  const line = createProgress(process.stderr, clock);
  // A wrong name should not be told only after the files before it were sent.
  await Promise.all(files.map(fileSize));
  await requireGateway(url);
  const since_unix_s = Math.floor(clock.nowMs() / 1000);
  const began_ms = clock.monotonicMs();
  const elapsed_s = (): number => Math.round(clock.monotonicMs() - began_ms) / 1000;
  const result = await sendFiles({
    files,
    url,
    speed,
    clock,
    onNote: line.say,
    onProgress: ({ bytes, bytes_total, spans }) =>
      line.show(() => {
        const rate = Math.round(spans / Math.max(0.001, elapsed_s()));
        return [`sent   ${bar(bytes / bytes_total)}  ${spans} spans, ${rate}/s`];
      }),
  });
  line.end();
  const outcome = flags.wait ? await waitFor(result, since_unix_s, state, line) : NOT_WAITED;
  const failed = reportRefused(result, line);
  const { spans_read } = result;
  const summary: ImportResult = { spans_read, ...outcome, seconds: elapsed_s() };
  process.stdout.write(`${flags.json ? resultJson(summary) : resultText(summary)}\n`);
  return !failed && (outcome.lost ?? 0) === 0;
}

/** Adds `import`. Sets exit code 1 when spans were lost or lines not taken. */
export function registerImport(program: Command): void {
  program
    .command('import')
    .description('Send recorded traces (OTLP/JSON lines) through the gateway')
    .argument('<file...>', 'recordings, plain or gzip, sent one after the other')
    .option('--speed <factor>', '"max", or a multiple of the recorded pace', 'max')
    .option('--wait', 'return when every span is stored, and check that')
    .option('--json', 'print the result as one line of JSON')
    .option('--gateway <url>', 'send elsewhere than to the local gateway')
    .option('--home <folder>', 'the folder that "up" was given')
    .addHelpText('after', EXAMPLES)
    .action(async (files: string[], flags: ImportFlags) => {
      if (!(await runImport(files, flags))) process.exitCode = 1;
    });
}
