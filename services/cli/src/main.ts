import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SpanloomError } from '@spanloom/runtime';
import { Command } from 'commander';
import { registerDemo } from './commands/demo';
import { registerDlq } from './commands/dlq';
import { registerDown } from './commands/down';
import { registerExplain } from './commands/explain';
import { registerGenerate } from './commands/generate';
import { registerImport } from './commands/import';
import { registerPipeline } from './commands/pipeline';
import { registerRebuild } from './commands/rebuild';
import { registerReset } from './commands/reset';
import { registerSql } from './commands/sql';
import { registerStatus } from './commands/status';
import { registerUp } from './commands/up';
import { registerVerify } from './commands/verify';
import { registerWindows } from './commands/windows';

const EXAMPLES = `
Examples
  spanloom up --detach
  spanloom import recording.otlp.jsonl.gz --wait
  spanloom sql "SELECT count() FROM otel_traces"
  spanloom down

"spanloom <command> --help" tells more of each.
`;

function version(): string {
  const file = join(__dirname, '..', 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** The command line: every command registered. */
export function createProgram(): Command {
  const program = new Command('spanloom')
    .description('Traces from spans, on Kafka, Redis and ClickHouse')
    .version(version())
    .showHelpAfterError('("--help" shows what there is)')
    .addHelpText('after', EXAMPLES);
  for (const register of [
    registerUp,
    registerStatus,
    registerDown,
    registerReset,
    registerDemo,
    registerImport,
    registerGenerate,
    registerSql,
    registerWindows,
    registerExplain,
    registerDlq,
    registerVerify,
    registerPipeline,
    registerRebuild,
  ]) {
    register(program);
  }
  return program;
}

/** Failures that have a name are told in a sentence; others are defects, and their stack helps. */
function report(error: unknown): void {
  const text =
    error instanceof SpanloomError
      ? `error: ${error.message} (${error.code})`
      : `error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
}

/** Runs the command that `argv` (as in process.argv) names. Failures are printed and set exit code 1; nothing is thrown. */
export async function main(argv: readonly string[]): Promise<void> {
  // `spanloom … | head` closes the pipe early, which is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
  await createProgram()
    .parseAsync([...argv])
    .catch(report);
}
