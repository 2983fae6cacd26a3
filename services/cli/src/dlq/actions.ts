import { hostname, userInfo } from 'node:os';
import type { ClickHouse } from '@spanloom/clickhouse';
import { identify, isRunning } from '@spanloom/infra';
import { type LetterName, NAMED, nameParameters } from './letter-name';

/** What is done about a letter; a replay is `intended` before it is produced. */
export type Action = 'intended' | 'withdrawn' | 'quarantined' | 'discarded' | 'replayed';

/** A run of a command: who acts. */
export interface Run {
  readonly runId: string;
  /** user@host */
  readonly who: string;
  /** Number and start of the process, told from a later one with the same number. */
  readonly process: string;
}

/** One action on one letter. */
export interface LetterAction {
  readonly letter: LetterName;
  readonly runId: string;
  readonly action: Action;
  readonly note: string;
  readonly toPartition: number;
  /** intended: where the log ended; replayed: where the message is, -1 for nowhere. */
  readonly toOffset: number;
}

/** An action as it is stored. */
export interface StoredAction extends LetterName {
  readonly runId: string;
  readonly action: Action;
  readonly at: string;
  readonly who: string;
  readonly process: string;
  readonly note: string;
  readonly toPartition: number;
  readonly toOffset: number;
}

/** This process as a run. */
export function thisRun(runId: string): Run {
  const started = identify(process.pid)?.startedAt ?? '';
  return { runId, who: `${userName()}@${hostname()}`, process: `${process.pid} ${started}` };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown'); // a user id without an account
  }
}

/** Whether the process of an action may still be at work: on another host nobody can tell. */
export function mayRun(action: Pick<StoredAction, 'who' | 'process'>): boolean {
  if (!action.who.endsWith(`@${hostname()}`)) return true;
  const [pid = '', ...started] = action.process.split(' ');
  return isRunning({ pid: Number(pid), startedAt: started.join(' ') });
}

/** Writes actions down; resolves when they are stored. Writing the same again changes nothing. */
export async function writeActions(
  clickhouse: ClickHouse,
  run: Run,
  actions: readonly LetterAction[],
): Promise<void> {
  if (actions.length === 0) return;
  const rows = actions.map(({ letter, runId, action, note, toPartition, toOffset }) =>
    JSON.stringify({
      Topic: letter.topic,
      Partition: letter.partition,
      Offset: letter.offset,
      SpanIndex: letter.index,
      RunId: runId,
      Action: action,
      Who: run.who,
      Process: run.process,
      Note: note,
      ToPartition: toPartition,
      ToOffset: toOffset,
    }),
  );
  await clickhouse.command(
    `INSERT INTO dead_letter_actions FORMAT JSONEachRow\n${rows.join('\n')}`,
  );
}

const STORED = `Topic AS topic, Partition AS partition, Offset AS offset, SpanIndex AS index, RunId AS runId,
  formatDateTime(At, '%Y-%m-%dT%H:%i:%S', 'UTC') || 'Z' AS at, Who AS who, Process AS process, Note AS note,
  ToPartition AS toPartition, ToOffset AS toOffset`;

/** Most interrupted replays looked at in one go. */
const PENDING_MAX = 100_000;

/** Replays that were intended and have no outcome yet. */
export function pendingReplays(clickhouse: ClickHouse): Promise<StoredAction[]> {
  return clickhouse.query(
    `SELECT ${STORED}, 'intended' AS action FROM dead_letter_runs WHERE Pending
     ORDER BY Topic, Partition, Offset, SpanIndex LIMIT {limit:UInt32}`,
    { limit: PENDING_MAX },
  );
}

/** Those of the letters that another run has claimed, replayed or discarded. */
export function claimedByOthers(
  clickhouse: ClickHouse,
  names: readonly LetterName[],
  runId: string,
): Promise<LetterName[]> {
  return clickhouse.query(
    `SELECT DISTINCT Topic AS topic, Partition AS partition, Offset AS offset, SpanIndex AS index
     FROM dead_letter_runs
     WHERE RunId != {run:String} AND (Pending OR hasAny(Actions, ['replayed', 'discarded'])) AND ${NAMED}`,
    { ...nameParameters(names), run: runId },
  );
}

/** All that was done about a letter, and the replay that it comes from if it comes from one. */
export function historyOf(clickhouse: ClickHouse, name: LetterName): Promise<StoredAction[]> {
  const { topic, partition, offset, index } = name;
  return clickhouse.query(
    `SELECT ${STORED}, Action AS action FROM dead_letter_actions FINAL
     WHERE Topic = {topic:String} AND ((Partition = {partition:UInt16} AND Offset = {offset:UInt64}
         AND SpanIndex = {index:Int32})
       OR (Action = 'replayed' AND ToPartition = {partition:UInt16} AND ToOffset = {offset:Int64}))
     ORDER BY dead_letter_actions.At, Action`,
    { topic, partition, offset, index },
  );
}
