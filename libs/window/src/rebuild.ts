import type { Checkpoint } from './checkpoint';
import type { PartitionLog } from './log';
import type { RecordReader } from './record-reader';
import { advance, step } from './reducer';
import { horizonS, type WindowRules } from './rules';
import { createWindowState, type WindowState } from './state';

/** A state made from the log alone. */
export interface RebuiltWindows {
  readonly state: WindowState;
  /** Offset that the replay began at: one horizon before the checkpoint. */
  readonly from: number;
}

/**
 * The windows as they are at a checkpoint: replays the last horizon of the log before it and gives what
 * closes to nobody. See docs/adr/0001 for why that is enough.
 */
export async function rebuildWindows(
  checkpoint: Checkpoint,
  deps: {
    readonly log: PartitionLog;
    readonly reader: RecordReader;
    readonly rules: WindowRules;
    /** Whether the state goes to a store; see `WindowState.journal`. */
    readonly mirrored?: boolean;
  },
): Promise<RebuiltWindows> {
  const { log, reader, rules, mirrored = false } = deps;
  const { applied, clockS, seq } = checkpoint;
  const found = await log.offsetAt(Math.max(0, clockS - horizonS(rules)) * 1000);
  const from = Math.min(found ?? applied, applied);
  const state = createWindowState({ applied: from, mirrored });
  if (from < applied) {
    await log.read(from, applied, async (records) => {
      for (const record of records) {
        const scanned = reader.read(record);
        step(state, scanned instanceof Promise ? await scanned : scanned, rules);
      }
    });
  }
  advance(state, clockS, rules, []);
  state.seq = seq;
  state.applied = applied;
  return { state, from };
}
