import { type Clock, type Logger, retry, SpanloomError } from '@spanloom/runtime';
import { QUICK_RETRY } from './connection';
import { type Broker, type Cluster, ConsumerGroup, Emitter, roundRobinAssigner } from './internals';
import { asSpanloomError, isHopeless, isStaleMember } from './kafka-errors';
import type { CommittedOffset } from './partitions';

/** Commits and look-ups that meet a broken connection or a moved coordinator are tried so often. */
const ATTEMPTS_MAX = 10;
const ATTEMPT_WAIT_MS = { base_ms: 100, max_ms: 2_000 } as const;

/** Who a member is between two rebalances. What it asks of the coordinator is refused once the group moved on. */
export interface Generation {
  readonly id: number;
  readonly memberId: string;
  readonly partitions: readonly number[];
}

/** A member of a consumer group: the group protocol without any fetching. */
export interface Membership {
  /** Joins, or joins again, and waits for an assignment. SpanloomError: retriable, or 'kafka-fatal'. */
  join(): Promise<Generation>;
  /** Tells the coordinator that we live. 'state-stale' when the group rebalances (type REBALANCE_IN_PROGRESS) or moved on. */
  heartbeat(generation: Generation): Promise<void>;
  /** Commits for one partition. 'state-stale' when the generation moved on. */
  commit(generation: Generation, partition: number, committed: CommittedOffset): Promise<void>;
  /** The group's commit for one partition. */
  committed(partition: number): Promise<CommittedOffset>;
  /** Leaves the group, so that the others need not wait for the session to time out. Never rejects. */
  leave(): Promise<void>;
}

/** Options of a membership. */
export interface MembershipOptions {
  readonly cluster: Cluster;
  readonly groupId: string;
  readonly topic: string;
  readonly session_timeout_ms: number;
  readonly rebalance_timeout_ms: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** kafkajs' own logger. */
  readonly kafkaJsLogger: unknown;
  /** Ends waiting between attempts. */
  readonly signal: AbortSignal;
}

/** Prepares a member of `groupId` that reads `topic`; it joins with `join`. */
export function createMembership(options: MembershipOptions): Membership {
  const { cluster, groupId, topic } = options;
  const group = new ConsumerGroup({
    retry: QUICK_RETRY,
    cluster,
    groupId,
    topics: [topic],
    topicConfigurations: { [topic]: { fromBeginning: true } },
    logger: options.kafkaJsLogger,
    instrumentationEmitter: new Emitter(),
    assigners: [roundRobinAssigner({ cluster })],
    sessionTimeout: options.session_timeout_ms,
    rebalanceTimeout: options.rebalance_timeout_ms,
    autoCommit: false,
    isolationLevel: 1,
    metadataMaxAge: 300_000,
  });
  let coordinator: Broker | null = null;

  /** The coordinator as last known, connected; looked up again after `lost`. */
  async function withCoordinator<T>(ask: (broker: Broker) => Promise<T>): Promise<T> {
    try {
      if (coordinator === null || !coordinator.isConnected()) {
        coordinator = await cluster.findGroupCoordinator({ groupId });
      }
      return await ask(coordinator);
    } catch (error) {
      if (!isStaleMember(error)) coordinator = null;
      throw error;
    }
  }

  /** Asks until answered, refused or out of attempts. */
  function persist<T>(doing: string, ask: (broker: Broker) => Promise<T>): Promise<T> {
    return retry(
      async () => {
        try {
          return await withCoordinator(ask);
        } catch (error) {
          throw asSpanloomError(error, doing, { group: groupId, topic });
        }
      },
      {
        attempts_max: ATTEMPTS_MAX,
        ...ATTEMPT_WAIT_MS,
        clock: options.clock,
        signal: options.signal,
        onRetry: (error, n) =>
          options.logger.debug({ err: error, attempt: n, group: groupId }, 'asking again'),
      },
    );
  }

  return {
    async join() {
      try {
        await group.connect();
        await group.joinAndSync();
      } catch (error) {
        if (isHopeless(error)) {
          throw asSpanloomError(error, `joining group ${groupId}`, { group: groupId, topic });
        }
        throw new SpanloomError('engine-unavailable', `joining group ${groupId} failed`, {
          cause: error,
          retriable: true,
          details: { group: groupId, topic },
        });
      }
      coordinator = group.coordinator;
      const mine = group.assigned().find((a) => a.topic === topic);
      const partitions = [...(mine?.partitions ?? [])].sort((a, b) => a - b);
      return { id: group.generationId ?? -1, memberId: group.memberId ?? '', partitions };
    },

    async heartbeat({ id, memberId }) {
      const beat = { groupId, groupGenerationId: id, memberId };
      try {
        await withCoordinator((broker) => broker.heartbeat(beat));
      } catch (error) {
        throw asSpanloomError(error, `heartbeat of group ${groupId}`, { group: groupId, topic });
      }
    },

    async commit({ id, memberId }, partition, { offset, metadata }) {
      const topics = [{ topic, partitions: [{ partition, offset: String(offset), metadata }] }];
      const commit = { groupId, groupGenerationId: id, memberId, topics };
      await persist(`committing offset ${offset} of ${topic}/${partition}`, (broker) =>
        broker.offsetCommit(commit),
      );
    },

    async committed(partition) {
      const topics = [{ topic, partitions: [{ partition }] }];
      const answer = await persist(`reading the commit of ${topic}/${partition}`, (broker) =>
        broker.offsetFetch({ groupId, topics }),
      );
      const found = answer.responses[0]?.partitions[0];
      const offset = Number(found?.offset ?? -1);
      return { offset: offset >= 0 ? offset : null, metadata: found?.metadata ?? '' };
    },

    async leave() {
      try {
        await group.leave();
      } catch (error) {
        options.logger.debug({ err: error, group: groupId }, 'leaving the group failed');
      }
    },
  };
}
