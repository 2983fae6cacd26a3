import {
  type Kafka,
  type KafkaRecord,
  type PartitionHandle,
  type PartitionProcessor,
  type Producer,
  recordsBefore,
} from '@spanloom/kafka';
import type { Redis } from '@spanloom/redis';
import {
  type BufferPool,
  type Clock,
  type ConfigOf,
  faultPoint,
  type Logger,
  type Pressure,
  SpanloomError,
  type Turnstile,
} from '@spanloom/runtime';
import {
  checkpointMetadata,
  closeWindowState,
  type RecordReader,
  type ScannedRecord,
  shrinkIfSparse,
  stepInParts,
  type WindowRules,
} from '@spanloom/window';
import { createCheckpointDue } from './checkpoint-due';
import type { MessagePool } from './message-pool';
import type { AssemblerMetrics } from './metrics';
import { openState } from './open-state';
import { createOutput, type OutputSchemas } from './output';
import { patientStore, type RedisPressure } from './redis-pressure';
import type { settings } from './settings';
import type { TurnTaking } from './turn-taking';
import { createWindowStore } from './window-store';

/** What all partitions of the process share. */
export interface AssemblerDeps {
  readonly config: ConfigOf<typeof settings>;
  readonly rules: WindowRules;
  /** The consumer group; also names the keys in Redis. */
  readonly group: string;
  readonly kafka: Kafka;
  /** Writes in order: the sequence rule depends on it. */
  readonly producer: Producer;
  readonly redis: Redis;
  readonly redisPressure: RedisPressure;
  readonly pressure: Pressure;
  readonly turnTaking: TurnTaking;
  readonly reader: RecordReader;
  readonly schemas: OutputSchemas;
  readonly messagePool: MessagePool;
  /** One checkpoint at a time is on its way to Redis: that of a partition far behind is as large as its open windows. */
  readonly checkpoints: Turnstile;
  /** Memory of checkpoints on their way to Redis. */
  readonly segments: BufferPool;
  readonly metrics: AssemblerMetrics;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** No line to stand in: for checkpoints that have little time. */
const AT_ONCE: Turnstile = { run: (work) => work() };

/**
 * Owns one partition: applies its records to the windows, writes what closes to `traces` in order,
 * and only then moves Redis, and only then the committed offset. A crash between any two of these
 * repeats the same entries with the same sequence numbers, which the sink drops.
 */
export async function createProcessor(
  handle: PartitionHandle,
  deps: AssemblerDeps,
): Promise<PartitionProcessor> {
  const { config, clock, metrics, rules } = deps;
  const { partition } = handle;
  const labels = { partition: String(partition) };
  const store = createWindowStore(deps.redis, deps.group, partition, deps.segments);
  const { redisPressure } = deps;
  const { state, source, reader } = await openState(handle, {
    ...deps,
    store: patientStore(store, (work) => redisPressure.insist(partition, work, handle.signal)),
  });
  const output = createOutput(partition, deps);
  deps.logger.info(
    { partition, source, applied: state.applied, seq: state.seq },
    'partition opened',
  );
  metrics.openings.inc({ source });
  const reading = deps.pressure.attach(handle);
  const turn = deps.turnTaking.of(handle);

  const due = createCheckpointDue({
    interval_ms: config.checkpoint_interval_ms,
    bytes_max: config.checkpoint_bytes_max,
    clock,
  });
  let committedAtMs = clock.monotonicMs();
  let committed = -1;
  let quietSinceMs = clock.monotonicMs();

  async function apply(record: KafkaRecord, scanned: ScannedRecord): Promise<void> {
    output.addDeadLetters(record, scanned.deadLetters);
    for (const { reason } of scanned.deadLetters) metrics.deadLetters.inc({ reason });
    const entries = output.entries;
    // After a jump of the log clock all windows may close at once: what they hold is sent meanwhile.
    const parts = stepInParts(state, scanned, rules, output);
    while (parts.next().done !== true) await flush();
    metrics.fragments.inc({}, output.entries - entries);
    metrics.spans.inc({}, scanned.received);
    due.applied(record.value?.length ?? 0);
    // A tick does not end a quiet spell: the next one is due a second after it.
    quietSinceMs = clock.monotonicMs();
  }

  async function flush(): Promise<void> {
    if (output.bytes === 0) return;
    await faultPoint('assembler.before-produce');
    if (output.restsOnRegistry && handle.isLost()) {
      throw new SpanloomError(
        'state-stale',
        'not ours any more: the new owner may know the schema',
      );
    }
    await output.flush();
    await faultPoint('assembler.after-produce');
  }

  async function save(line = deps.checkpoints): Promise<void> {
    await flush();
    if (state.applied === store.savedApplied) return;
    await faultPoint('assembler.before-checkpoint');
    try {
      await line.run(() => store.save(state, rules));
      metrics.checkpoints.inc({ outcome: 'saved' });
      redisPressure.settled(partition);
      due.saved();
    } catch (error) {
      // Redis is a checkpoint: without it the windows stay in memory and in the log, and reading pauses.
      const waits = redisPressure.absorbs(partition, error);
      metrics.checkpoints.inc({ outcome: waits ? 'failed' : 'refused' });
      if (!waits) throw error;
    }
    await faultPoint('assembler.after-checkpoint');
    due.tried();
  }

  async function commit(): Promise<void> {
    committedAtMs = clock.monotonicMs();
    const saved = store.savedApplied;
    if (saved === null || saved !== state.applied || saved === committed) return;
    await handle.commit(saved, checkpointMetadata(state));
    committed = saved;
    await faultPoint('assembler.after-commit');
  }

  async function saveAndCommitWhenDue(): Promise<void> {
    const isMuch = due.isMuch && !deps.pressure.isHeld;
    if (!isMuch && !due.isTime(lag())) return;
    const nowMs = clock.monotonicMs();
    await save();
    if (nowMs - committedAtMs >= config.commit_interval_ms) await commit();
  }

  /** The log clock of a quiet partition moves by a record that its owner appends to it. */
  async function tickWhenQuiet(): Promise<void> {
    const nowMs = clock.monotonicMs();
    if (nowMs - quietSinceMs < config.tick_quiet_ms) return;
    if (state.openWindows === 0 && !state.ledger.dirty) return;
    quietSinceMs = nowMs;
    metrics.ticks.inc();
    const tick = { partition, value: null, headers: { tick: Buffer.from('1') } };
    await faultPoint('assembler.before-tick');
    await deps.producer.send(deps.kafka.topic('spans'), [tick]);
    await faultPoint('assembler.after-tick');
  }

  /** A partition that waits for its turn leaves its windows to Redis. */
  async function takeTurns(): Promise<void> {
    turn.look(due.bytesOf(lag()), state.openBytes);
    if (!turn.isWaiting || deps.pressure.isHeld) return;
    await save();
    await commit();
    if (store.savedApplied === state.applied) handle.park();
  }

  const lag = (): number => recordsBefore(handle, state.applied);

  function report(): void {
    shrinkIfSparse(state);
    metrics.openWindows.set(labels, state.openWindows);
    metrics.openBytes.set(labels, state.openBytes);
    metrics.lag.set(labels, lag());
  }

  return {
    position: () => state.applied,
    async process(records) {
      for (const record of records) {
        if (handle.isLost()) return;
        if (record.offset < state.applied) continue;
        const scanned = reader.read(record);
        await apply(record, scanned instanceof Promise ? await scanned : scanned);
        if (output.isFull) await flush();
      }
      await flush();
      await saveAndCommitWhenDue();
      await takeTurns();
      reading.pauseAgain();
      report();
    },
    async idle(caughtUp) {
      await saveAndCommitWhenDue();
      await takeTurns();
      if (caughtUp) await tickWhenQuiet();
      report();
    },
    async release(why) {
      reading.detach();
      if (why !== 'parked') turn.end();
      try {
        if (why === 'failed') return;
        await save(AT_ONCE);
        await commit();
      } finally {
        redisPressure.settled(partition);
        closeWindowState(state);
        metrics.openWindows.remove(labels);
        metrics.openBytes.remove(labels);
        metrics.lag.remove(labels);
      }
    },
  };
}
