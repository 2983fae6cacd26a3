import { ConfigResourceTypes, type Admin as KafkaJsAdmin } from 'kafkajs';
import type { TopicDescription } from './api';

/** Partition counts and settings of those of the topics that exist, with a leader for each partition. */
export async function describeTopics(
  admin: KafkaJsAdmin,
  names: readonly string[],
): Promise<ReadonlyMap<string, TopicDescription>> {
  const found = new Map<string, TopicDescription>();
  const present = new Set(await admin.listTopics());
  const topics = names.filter((name) => present.has(name));
  if (topics.length === 0) return found;
  const metadata = await admin.fetchTopicMetadata({ topics });
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map((name) => ({ type: ConfigResourceTypes.TOPIC, name })),
  });
  const configs = new Map(
    resources.map((resource) => [
      resource.resourceName,
      Object.fromEntries(resource.configEntries.map((e) => [e.configName, e.configValue ?? ''])),
    ]),
  );
  for (const { name, partitions } of metadata.topics) {
    if (partitions.length === 0 || partitions.some((p) => p.leader < 0)) continue;
    found.set(name, {
      topic: name,
      partitions: partitions.length,
      config: configs.get(name) ?? {},
    });
  }
  return found;
}
