import type { ClickHouse } from '@spanloom/clickhouse';
import type { Kafka } from '@spanloom/kafka';
import { SpanloomError } from '@spanloom/runtime';
import { type LetterAction, mayRun, pendingReplays, type Run, writeActions } from './actions';
import { type Intent, replayId, settle } from './settle';

/** What became of replays that were interrupted. */
export interface Finished {
  /** Found in the log: they had been sent. */
  readonly sent: number;
  /** Not in the log: their letters are open again. */
  readonly reopened: number;
  /** Nobody can tell any more: quarantined, so that nothing is sent twice unseen. */
  readonly quarantined: number;
}

/** Actions are written this many at a time. */
const ACTIONS_MAX = 1_000;

/**
 * Finishes replays that were interrupted between being written down and being marked, by looking in the log
 * what was sent. SpanloomError('usage') when the process that began them may still run, unless `takeOver`.
 */
export async function finishInterrupted(
  deps: { readonly clickhouse: ClickHouse; readonly kafka: Kafka },
  run: Run,
  options: { readonly takeOver: boolean; readonly onProgress: (offsets: number) => void },
): Promise<Finished> {
  const pending = await pendingReplays(deps.clickhouse);
  const active = pending.find((action) => !options.takeOver && mayRun(action));
  if (active !== undefined) {
    throw new SpanloomError(
      'usage',
      `a replay by ${active.who} (process ${active.process.split(' ')[0]}) began at ${active.at} and may still run: ` +
        'wait for it, or end it and give --take-over',
    );
  }
  const intents = pending.map(
    ({ runId, toPartition, toOffset, ...letter }): Intent => ({
      letter,
      runId,
      toPartition,
      fromOffset: toOffset,
    }),
  );
  const actions = await outcomes(deps.kafka, intents, options.onProgress);
  for (let at = 0; at < actions.length; at += ACTIONS_MAX) {
    await writeActions(deps.clickhouse, run, actions.slice(at, at + ACTIONS_MAX));
  }
  const count = (kind: string): number => actions.filter(({ action }) => action === kind).length;
  return {
    sent: count('replayed'),
    reopened: count('withdrawn'),
    quarantined: count('quarantined'),
  };
}

/** The action that closes each intent, from what the log holds. */
export async function outcomes(
  kafka: Kafka,
  intents: readonly Intent[],
  onProgress: (offsets: number) => void = () => undefined,
): Promise<LetterAction[]> {
  const settled = await settle(kafka, intents, onProgress);
  return intents.map((intent): LetterAction => {
    const { letter, runId, toPartition } = intent;
    const outcome = settled.get(replayId(intent)) ?? 'unknown';
    const common = { letter, runId, toPartition };
    if (typeof outcome === 'number') {
      return { ...common, action: 'replayed', note: '', toOffset: outcome };
    }
    return outcome === 'absent'
      ? { ...common, action: 'withdrawn', note: 'interrupted before it was sent', toOffset: -1 }
      : {
          ...common,
          action: 'quarantined',
          note: 'interrupted, and the log no longer tells whether it was sent',
          toOffset: -1,
        };
  });
}
