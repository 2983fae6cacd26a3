import { type Clock, type Logger, SpanloomError } from '@spanloom/runtime';
import { type Connections, connectTo, recover } from './connection';
import { startGeneration } from './generation';
import { asSpanloomError, isHopeless } from './kafka-errors';
import { createMembership, type Generation } from './membership';
import type { PartitionRunner, RunPartitionsOptions } from './partitions';
import { withDefaults } from './runner-options';
import { within } from './within';

const JOIN_WAIT_MS = { first: 200, max: 5_000 } as const;
const DISCONNECT_MS_MAX = 3_000;

/**
 * Runs a member of a consumer group: joins, gives each assigned partition a processor, and at every rebalance
 * releases all of them and starts anew (the assignment is eager, and a member can't tell whether somebody else
 * had a partition in between). Resolves when first joined; rejects when that fails for good.
 */
export async function runPartitions(
  connections: Connections,
  given: RunPartitionsOptions,
  deps: { readonly logger: Logger; readonly clock: Clock },
): Promise<PartitionRunner> {
  const { clock } = deps;
  const options = withDefaults(given);
  const { groupId, topic } = options;
  const logger = deps.logger.child({ group: groupId, topic });
  const stopping = new AbortController();
  const cluster = connections.createCluster();
  const membership = createMembership({
    ...options,
    cluster,
    clock,
    logger,
    kafkaJsLogger: connections.client.logger(),
    signal: stopping.signal,
  });
  let running: ReturnType<typeof startGeneration> | null = null;
  let stopRequested = false;

  /** Joins the group, however often it takes within the longest outage; null when stopped meanwhile. */
  async function join(): Promise<Generation | null> {
    const started_ms = clock.monotonicMs();
    for (let failures = 0; !stopRequested; failures++) {
      try {
        await connectTo(cluster, topic);
        const generation = await membership.join();
        for (const holder of [groupId, topic]) options.onTrouble('kafka-read', holder, null);
        return stopRequested ? null : generation;
      } catch (error) {
        if (stopRequested) break;
        if (isHopeless(error) || clock.monotonicMs() - started_ms > options.outage_ms_max)
          throw error;
        const wait_ms = Math.min(
          JOIN_WAIT_MS.first * 2 ** Math.min(failures, 10),
          JOIN_WAIT_MS.max,
        );
        logger.warn({ err: error, wait_ms }, 'joining the group failed: trying again');
        options.onTrouble(
          'kafka-read',
          groupId,
          asSpanloomError(error, 'joining the group').message,
        );
        await recover(cluster, error);
        await clock.sleep(wait_ms, stopping.signal).catch(() => undefined);
      }
    }
    return null;
  }

  /** Lives through generations until stopped (resolves) or something fatal (rejects with it). */
  async function live(first: Generation): Promise<void> {
    for (
      let generation: Generation | null = first;
      generation !== null;
      generation = await join()
    ) {
      const { partitions, id } = generation;
      logger.info({ generation: id, partitions }, 'joined the group');
      running = startGeneration({ ...options, cluster, membership, generation, clock, logger });
      const end = await running.ended;
      logger.info({ generation: id, why: end.why }, 'the generation is over');
      await running.finish(end.why === 'stopped' || end.why === 'fatal' ? 'stop' : 'revoked');
      running = null;
      if (end.why === 'fatal') throw end.error;
      if (stopRequested) return;
    }
  }

  async function close(): Promise<void> {
    stopping.abort(new SpanloomError('state-stale', `the runner of ${groupId} stopped`));
    const bye = (async () => {
      await membership.leave();
      await cluster.disconnect();
    })();
    if (!(await within(DISCONNECT_MS_MAX, bye))) logger.warn({}, 'Kafka did not let us go in time');
  }

  const first = await join().catch(async (error: unknown) => {
    await close();
    throw error;
  });
  const life = (first === null ? Promise.resolve() : live(first)).then(close, async (error) => {
    await close();
    options.onFatal(error);
  });

  return {
    assigned: () => running?.partitions ?? [],
    state: () => running?.state() ?? [],
    async stop() {
      stopRequested = true;
      if (running === null) stopping.abort(new SpanloomError('state-stale', 'the runner stops'));
      running?.stop();
      // A join that waits for other members is not waited for: leaving ends it at the coordinator.
      await within(options.drain_timeout_ms + DISCONNECT_MS_MAX + 1_000, life);
    },
  };
}
