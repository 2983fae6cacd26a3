import { createClickHouse } from '@spanloom/clickhouse';
import { readState } from '@spanloom/infra';
import { createKafka } from '@spanloom/kafka';
import { createLogger, systemClock } from '@spanloom/runtime';
import type { Command } from 'commander';
import { clickhouseConfig, engineConfig } from '../connection';
import { interruptSignal, wholeNumber } from '../interrupt';
import { createProgress, grouped } from '../terminal/progress';
import { readVerification } from '../verify/balance';
import { verificationJson, verificationText } from '../verify/report';
import { type SettleDeps, type Settling, settle, verifyNow } from '../verify/settle';
import { uncountedMessages } from '../verify/unread';
import { homeOf } from './run-options';

const SETTLE_S_DEFAULT = 120;
const SETTLE_S_MAX = 86_400;

const EXAMPLES = `
Examples
  spanloom verify
  spanloom verify --wait                      first until no window is open (at most ${SETTLE_S_DEFAULT} s)
  spanloom verify --settle 600 --json | jq .balanced
  spanloom sql "SELECT * FROM ledger_balance"

"open" are spans in windows that had not closed when the ledger was last written, which is every 10 s of log time
while anything comes. The exit code is 1 when something does not balance, or was still open when the wait ended.
`;

interface VerifyFlags {
  readonly json?: boolean;
  readonly wait?: boolean;
  readonly settle?: string;
  readonly home?: string;
}

function describe({ open, uncounted }: Settling): string {
  if (open > 0) return `${grouped(open)} spans in open windows …`;
  if (uncounted !== 0)
    return `${grouped(uncounted ?? 0)} messages that the ledger does not count yet …`;
  return 'nothing is open; waiting for the rows …';
}

/** Gives whether all is as it should be. */
async function runVerify(flags: VerifyFlags): Promise<boolean> {
  const state = readState(homeOf(flags, process.env));
  const logger = createLogger({ service: 'verify', level: 'warn' });
  const clickhouse = createClickHouse(clickhouseConfig(state, process.env), { logger });
  const wait = flags.wait === true || flags.settle !== undefined;
  const settle_s = wholeNumber(
    '--settle',
    flags.settle ?? String(SETTLE_S_DEFAULT),
    1,
    SETTLE_S_MAX,
  );
  const kafka = wait
    ? createKafka(engineConfig(state, process.env), { logger, clientId: 'spanloom-verify' })
    : null;
  const progress = createProgress(process.stderr, systemClock);
  const deps: SettleDeps = {
    verification: () => readVerification(clickhouse),
    uncounted: async ({ partitions }) =>
      kafka === null
        ? 0
        : uncountedMessages(kafka, new Map(partitions.map((p) => [p.partition, p.to_offset]))),
    clock: systemClock,
    signal: interruptSignal(),
    onProgress: (settling) => progress.show(() => [describe(settling)]),
  };
  try {
    const { settled, verification } = wait
      ? await settle(settle_s * 1000, deps)
      : { settled: null, verification: await verifyNow(deps) };
    progress.end();
    const text = flags.json
      ? verificationJson(verification, settled)
      : verificationText(verification);
    process.stdout.write(`${text}\n`);
    if (settled === false) {
      process.stderr.write(`it had not come to rest after ${settle_s} s; --settle waits longer\n`);
    }
    return verification.balanced && settled !== false;
  } finally {
    await kafka?.close();
    await clickhouse.close();
  }
}

/** Adds `verify`. Sets exit code 1 when the ledger does not balance. */
export function registerVerify(program: Command): void {
  program
    .command('verify')
    .description('Check that every span received is accounted for, from the ledger in ClickHouse')
    .option('--json', 'one JSON object instead of a table')
    .option('--wait', 'wait until nothing is open and every message is counted')
    .option('--settle <seconds>', `the same, for at most so long (${SETTLE_S_DEFAULT})`)
    .option('--home <folder>', 'the folder that "up" was given')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: VerifyFlags) => {
      if (!(await runVerify(flags))) process.exitCode = 1;
    });
}
