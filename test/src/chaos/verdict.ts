import { checkStored, type Oracle } from '@spanloom/cli';
import type { ClickHouse } from '@spanloom/clickhouse';
import type { Clock } from '@spanloom/runtime';
import type { LogOracle, PartitionTruth, Sequence } from './log-oracle';
import type { ChaosResult } from './result';
import {
  compareDeadLetters,
  compareEntries,
  ledgerBalances,
  panesAddUp,
  type Tally,
} from './stored';

/** The part of a result that is found by looking. */
export type Verdict = Omit<
  ChaosResult,
  'seed' | 'faults' | 'kinds' | 'not_struck' | 'worker_restarts' | 'requests_resent' | 'seconds'
>;

const POLL_MS = 1000;

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

function isWritten({
  expected,
  written,
  latencyExpected,
  latencyWritten,
}: PartitionTruth): boolean {
  return (
    written.hashes.length >= expected.length &&
    latencyWritten.hashes.length >= latencyExpected.length
  );
}

const COUNT_SQL =
  'SELECT (SELECT count() FROM trace_fragments) + (SELECT count() FROM ledger) AS n';

/**
 * Waits until nothing is open in the log, everything that is due is written, and ClickHouse has as many
 * entries; gives up after `settle_ms` and leaves it to the verdict to say what is missing.
 */
export async function settle(deps: {
  readonly truth: LogOracle;
  readonly clickhouse: ClickHouse;
  readonly clock: Clock;
  readonly settle_ms: number;
}): Promise<void> {
  const { truth, clickhouse, clock } = deps;
  const end_ms = clock.monotonicMs() + deps.settle_ms;
  while (clock.monotonicMs() < end_ms) {
    await clock.sleep(POLL_MS);
    try {
      await truth.catchUp();
      const { partitions } = truth;
      if (!partitions.every((one) => one.isDone() && isWritten(one))) continue;
      const [row] = await clickhouse.query<{ n: number }>(COUNT_SQL);
      if (Number(row?.n) >= sum(partitions.map(({ expected }) => expected.length))) return;
    } catch {
      // An engine that is just coming back.
    }
  }
}

/** How many are equal at their place. */
function equalCount(expected: readonly string[], { hashes }: Sequence): number {
  return expected.filter((hash, i) => hashes[i] === hash).length;
}

function isSame(a: readonly PartitionTruth[], b: readonly PartitionTruth[]): boolean {
  return a.every((one, n) => JSON.stringify(one.expected) === JSON.stringify(b[n]?.expected));
}

/** Compares what is there with what should be. */
export async function judge(deps: {
  readonly truth: LogOracle;
  /** A fresh oracle, which reads the log once more. */
  readonly again: LogOracle;
  readonly oracle: Oracle;
  readonly clickhouse: ClickHouse;
  readonly spansTopic: string;
  readonly clock: Clock;
  readonly onNote: (note: string) => void;
}): Promise<Verdict> {
  const { truth, again, oracle, clickhouse, onNote } = deps;
  await truth.catchUp();
  await again.catchUp();
  const { partitions } = truth;
  const entries = await compareEntries(clickhouse, truth);
  const letters = await compareDeadLetters(clickhouse, truth, deps.spansTopic);
  const spans = await checkStored(clickhouse, oracle, {
    clock: deps.clock,
    signal: new AbortController().signal,
    patience_ms: 5000,
    onProgress: () => undefined,
  });
  const breaches = partitions.flatMap(({ written, latencyWritten }, n) =>
    [...written.faults, ...latencyWritten.faults].map((fault) => `partition ${n}: ${fault}`),
  );
  const surplus = (tally: Tally): number => tally.surplus;
  for (const wrong of [...breaches, ...entries.wrong, ...letters.wrong].slice(0, 30)) onNote(wrong);
  const extra = sum(
    partitions.map(({ expected, written }) => Math.max(0, written.hashes.length - expected.length)),
  );
  const writtenEqual = sum(partitions.map((p) => equalCount(p.expected, p.written)));
  return {
    spans_acked: oracle.spans,
    spans_stored: spans.spansStored,
    lost: spans.lost,
    duplicated: spans.duplicated,
    corrupted: spans.corrupted,
    fragments_expected: sum(partitions.map(({ expected }) => expected.length)),
    fragments_equal: Math.min(writtenEqual, entries.equal),
    latency_expected: sum(partitions.map(({ latencyExpected }) => latencyExpected.length)),
    latency_equal: sum(partitions.map((p) => equalCount(p.latencyExpected, p.latencyWritten))),
    panes_add_up: await panesAddUp(clickhouse, truth),
    dead_letters_expected: letters.expected,
    dead_letters_equal: letters.equal,
    breaches: breaches.length + extra + surplus(entries) + surplus(letters),
    ledger_balanced: await ledgerBalances(clickhouse, truth),
    replay_identical: isSame(partitions, again.partitions),
  };
}
