import type { PartitionHandle, Turns } from '@spanloom/kafka';
import type { Clock } from '@spanloom/runtime';

/** A turn lasts no longer while another partition waits for its own. */
const TURN_MS_MAX = 30_000;
/** A turn ends when so many times less waits in the log than made the partition ask for it… */
const CAUGHT_UP = 8;
/** …and less than half of what made it ask is in its open windows: before, two partitions had the memory of one… */
const CLOSED = 2;
/** …or when they have had so long to close: other partitions wait meanwhile. */
const CLOSING_MS_MAX = 5_000;

/** What a turn needs of its partition. */
type Turner = Pick<PartitionHandle, 'pause' | 'resume' | 'signal'>;

/** A turn that a partition has: since when, and when it was last seen not to have caught up. */
interface HeldTurn {
  readonly since_ms: number;
  behindAt_ms: number;
}

/** One partition among those that take turns. */
export interface Turn {
  /** Tells how many bytes wait in the log and are in open windows: asks for a turn, or ends it. */
  look(behind_bytes: number, open_bytes: number): void;
  /** Whether the partition is paused until its turn comes. */
  readonly isWaiting: boolean;
  /** The partition is let go for other reasons than waiting. */
  end(): void;
}

/**
 * Of the partitions that are far behind few are read at a time, so that the process has the open windows of those and not
 * of all: what a second of the log left open is as much for each of them, and is read faster than it was written. Nobody
 * waits for longer than the others' turns take: the oldest records of a partition may be about to expire.
 */
export interface TurnTaking {
  /** The turn of a partition, whose processor may be another one than when it asked. */
  of(handle: Turner): Turn;
}

/** @param far_bytes what waits in the log of a partition that is far behind, at least */
export function createTurnTaking(
  turns: Turns,
  options: { readonly far_bytes: number; readonly clock: Clock },
): TurnTaking {
  const { far_bytes, clock } = options;
  /** The turns of those that have one. */
  const held = new WeakMap<Turner, HeldTurn>();

  function end(handle: Turner): void {
    held.delete(handle);
    turns.end(handle);
  }

  /** Nearly caught up, and the backlog's windows have closed, or had their time to. */
  function isOver(turn: HeldTurn, behind_bytes: number, open_bytes: number, nowMs: number) {
    const isClosed = open_bytes < far_bytes / CLOSED;
    const hadItsTime = nowMs - turn.behindAt_ms >= CLOSING_MS_MAX;
    return behind_bytes < far_bytes / CAUGHT_UP && (isClosed || hadItsTime);
  }

  function look(handle: Turner, behind_bytes: number, open_bytes: number): void {
    const nowMs = clock.monotonicMs();
    const turn = held.get(handle);
    if (turn !== undefined && behind_bytes >= far_bytes / CAUGHT_UP) turn.behindAt_ms = nowMs;
    const isDone =
      turn === undefined ? behind_bytes < far_bytes : isOver(turn, behind_bytes, open_bytes, nowMs);
    if (isDone) {
      end(handle);
      return;
    }
    if (turn !== undefined && nowMs - turn.since_ms >= TURN_MS_MAX && turns.isWanted) end(handle);
    turns.ask(handle);
    if (turns.isWaiting(handle) || held.has(handle)) return;
    held.set(handle, { since_ms: nowMs, behindAt_ms: nowMs });
  }

  const watched = new WeakSet<Turner>();
  return {
    of(handle) {
      if (!watched.has(handle)) {
        watched.add(handle);
        handle.signal.addEventListener('abort', () => end(handle), { once: true });
      }
      return {
        look: (behind_bytes, open_bytes) => look(handle, behind_bytes, open_bytes),
        get isWaiting() {
          return turns.isWaiting(handle);
        },
        end: () => end(handle),
      };
    },
  };
}
