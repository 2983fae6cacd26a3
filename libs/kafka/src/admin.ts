import { SpanloomError } from '@spanloom/runtime';
import type { Admin as KafkaJsAdmin } from 'kafkajs';
import type { Admin, PartitionOffsets } from './api';
import { type Connections, connectTo } from './connection';
import { describeTopics } from './describe-topics';
import { ensureTopics } from './ensure-topics';
import { asSpanloomError, kafkaErrorType } from './kafka-errors';

/** Attempts at what a moving leader or a broken connection may spoil. */
const ATTEMPTS_MAX = 5;
const ATTEMPT_WAIT_MS = 300;

/** A commit from outside of the group's membership: allowed while the group is empty. */
const NO_MEMBER = { groupGenerationId: -1, memberId: '' } as const;

/** The admin port over a connected kafkajs admin, and connections for what that can't do. */
export function createAdmin(
  admin: KafkaJsAdmin,
  withCluster: Connections['withCluster'],
  brokers: readonly string[],
): Admin {
  /** Repeats what failed for a passing reason, and gives errors the form the product knows. */
  async function attempt<T>(doing: string, work: () => Promise<T>): Promise<T> {
    for (let n = 1; ; n++) {
      try {
        return await work();
      } catch (error) {
        const known = asSpanloomError(error, doing);
        if (n >= ATTEMPTS_MAX || !known.retriable) throw known;
        await new Promise((resolve) => setTimeout(resolve, ATTEMPT_WAIT_MS * n));
      }
    }
  }

  function offsets(topic: string): Promise<readonly PartitionOffsets[]> {
    return attempt(`reading the offsets of ${topic}`, async () => {
      const rows = await admin.fetchTopicOffsets(topic);
      return rows
        .map(({ partition, low, high }) => ({
          partition,
          low: Number(low),
          high: Number(high),
        }))
        .sort((a, b) => a.partition - b.partition);
    });
  }

  const fetchCommitted: Admin['fetchCommitted'] = (group, topic) =>
    attempt(`reading the commits of group ${group}`, async () => {
      const rows = await admin.fetchOffsets({ groupId: group, topics: [topic] });
      return (rows[0]?.partitions ?? [])
        .map(({ partition, offset, metadata }) => ({
          partition,
          offset: Number(offset) >= 0 ? Number(offset) : null,
          metadata: metadata ?? '',
        }))
        .sort((a, b) => a.partition - b.partition);
    });

  return {
    ensureTopics: (specs) => attempt('ensuring topics', () => ensureTopics(admin, specs, brokers)),
    describe: (topic) =>
      attempt(`describing ${topic}`, async () => {
        return (await describeTopics(admin, [topic])).get(topic) ?? null;
      }),
    offsets,
    fetchCommitted,
    offsetForTimestamp: (topic, partition, timestampMs) =>
      attempt(`looking up a time in ${topic}/${partition}`, () =>
        withCluster(async (cluster) => {
          await connectTo(cluster, topic);
          const answer = await cluster.fetchTopicsOffset([
            { topic, partitions: [{ partition }], fromTimestamp: Math.floor(timestampMs) },
          ]);
          const offset = Number(answer[0]?.partitions[0]?.offset ?? -1);
          return offset >= 0 ? offset : null;
        }),
      ),
    async groupLag(group, topic) {
      const [ends, commits] = [await offsets(topic), await fetchCommitted(group, topic)];
      return ends.map((end) => {
        const committed = commits.find((c) => c.partition === end.partition)?.offset ?? null;
        const lag = Math.max(end.high - Math.max(committed ?? end.low, end.low), 0);
        return { ...end, committed, lag };
      });
    },
    setCommitted: (group, topic, rows) =>
      attempt(`setting the offsets of group ${group}`, () =>
        withCluster(async (cluster) => {
          await connectTo(cluster, topic);
          const coordinator = await cluster.findGroupCoordinator({ groupId: group });
          const partitions = rows.map(({ partition, offset, metadata }) => ({
            partition,
            offset: String(offset),
            metadata: metadata ?? '',
          }));
          const topics = [{ topic, partitions }];
          await coordinator
            .offsetCommit({ ...NO_MEMBER, groupId: group, topics })
            .catch((error: unknown) => {
              throw kafkaErrorType(error) === 'UNKNOWN_MEMBER_ID'
                ? groupInUse(group, error)
                : error;
            });
        }),
      ),
    deleteTopics: (topics) =>
      attempt('deleting topics', () => admin.deleteTopics({ topics: [...topics] })),
    deleteGroups: (groups) =>
      attempt('deleting groups', async () => {
        await admin.deleteGroups([...groups]);
      }),
    listTopics: () => attempt('listing topics', () => admin.listTopics()),
  };
}

function groupInUse(group: string, cause: unknown): SpanloomError {
  return new SpanloomError(
    'usage',
    `group ${group} has members: stop them before its offsets are set`,
    { cause, details: { group } },
  );
}
