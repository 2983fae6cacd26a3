import type { PartitionHandle, Turns } from '@spanloom/kafka';
import type { Clock } from '@spanloom/runtime';

/** Why a partition is paused whose block lingers. */
const WHY = 'its block gathers in the log';
/** Data may become staler by this part of how stale it is already. */
const STALER = 1 / 2;
/** And no block lingers longer than so many times `linger_ms`. */
const LINGERS_MAX = 10;

/** What a pace works with. */
export interface PaceDeps {
  readonly handle: Pick<PartitionHandle, 'pause' | 'resume' | 'highWatermark'>;
  readonly turns: Turns;
  readonly clock: Clock;
  /** How long a block lingers while all is up to date. */
  readonly linger_ms: number;
}

/**
 * Says when one partition is read and when its block ends, so that blocks are large and memory is not. A block that has
 * begun lingers, and what comes meanwhile stays in the log. Then the partition takes its turn, of which there are few at
 * a time, and is read up to where the log ended when the turn began.
 *
 *     reading ── records came ──▶ gathering ── lingered, or a whole block waits ──▶ filling
 *        ▲                            ▲                                                │
 *        └── nothing was there ───────┴──────────────── the block is stored ───────────┘
 *
 * Steps come from the partition's processor, one at a time.
 */
export class Pace {
  private phase: 'reading' | 'gathering' | 'filling' = 'reading';
  /** When the phase, or in `filling` the turn, began; null while it waits for its turn. */
  private since_ms: number | null = 0;
  private lingerMs: number;
  /** Where the turn ends; null before the log's end is known. */
  private target: number | null = null;

  constructor(private readonly deps: PaceDeps) {
    this.lingerMs = deps.linger_ms;
  }

  /**
   * The block lingers from now on: it has begun, or the one before it is stored. `behind_ms` is how long after they
   * could have come its newest records did: what is behind may linger longer.
   */
  gather(behind_ms: number): void {
    const { handle, turns, clock, linger_ms } = this.deps;
    const bound_ms = linger_ms * LINGERS_MAX;
    this.lingerMs = Math.min(Math.max(behind_ms * STALER, linger_ms), bound_ms);
    this.phase = 'gathering';
    this.since_ms = clock.monotonicMs();
    handle.pause(WHY);
    turns.end(handle);
  }

  /** Asks for a turn when the block has lingered, or at once when `isWhole`: what waits in the log fills it. */
  look(isWhole: boolean): void {
    const { handle, turns } = this.deps;
    if (this.phase !== 'gathering' || !(isWhole || this.elapsedMs() >= this.lingerMs)) return;
    this.phase = 'filling';
    this.since_ms = null;
    this.target = null;
    turns.ask(handle);
    handle.resume(WHY);
  }

  /** Whether nothing lingers: records are read as they come, and the first of them begin a block. */
  get isReading(): boolean {
    return this.phase === 'reading';
  }

  /** Whether the turn is over now that records before `position` have been read. */
  isReached(position: number): boolean {
    if (this.phase !== 'filling') return false;
    this.target ??= this.deps.handle.highWatermark();
    return this.target !== null && position >= this.target;
  }

  /** Whether the turn is over because the log has no more, or does not come: others shall not wait for it. */
  isSpent(caughtUp: boolean): boolean {
    if (this.phase !== 'filling' || this.deps.turns.isWaiting(this.deps.handle)) return false;
    this.since_ms ??= this.deps.clock.monotonicMs();
    return caughtUp || this.elapsedMs() >= this.deps.linger_ms;
  }

  /** Reads whatever comes, at once. */
  read(): void {
    const { handle, turns } = this.deps;
    this.phase = 'reading';
    turns.end(handle);
    handle.resume(WHY);
  }

  private elapsedMs(): number {
    return this.deps.clock.monotonicMs() - (this.since_ms ?? 0);
  }
}
