import { SpanloomError } from '@spanloom/runtime';
import type { Admin as KafkaJsAdmin } from 'kafkajs';
import type { TopicDescription, TopicSpec } from './api';
import { describeTopics } from './describe-topics';
import { kafkaErrorType } from './kafka-errors';

const VISIBLE_WITHIN_MS = 15_000;
const LOOK_AGAIN_MS = 100;

/** Creates the topics that are missing (several services may do so at once) and checks the settings of all. */
export async function ensureTopics(
  admin: KafkaJsAdmin,
  specs: readonly TopicSpec[],
  brokers: readonly string[],
): Promise<void> {
  const names = specs.map((spec) => spec.topic);
  const existing = new Set((await describeTopics(admin, names)).keys());
  for (const spec of specs) if (!existing.has(spec.topic)) await create(admin, spec);
  const found = await whenVisible(admin, names);
  for (const spec of specs) check(spec, found.get(spec.topic), brokers);
}

async function create(admin: KafkaJsAdmin, spec: TopicSpec): Promise<void> {
  const configEntries = Object.entries(spec.config).map(([name, value]) => ({ name, value }));
  try {
    await admin.createTopics({
      waitForLeaders: false,
      topics: [
        {
          topic: spec.topic,
          numPartitions: spec.partitions,
          replicationFactor: spec.replicationFactor,
          configEntries,
        },
      ],
    });
  } catch (error) {
    if (!isAlreadyThere(error)) throw error;
  }
}

/** Somebody else was quicker. kafkajs puts the errors of single topics into a list. */
function isAlreadyThere(error: unknown): boolean {
  if (kafkaErrorType(error) === 'TOPIC_ALREADY_EXISTS') return true;
  const errors = (error as { errors?: unknown }).errors;
  return Array.isArray(errors) && errors.length > 0 && errors.every(isAlreadyThere);
}

/** A new topic takes a moment until every broker, and its partitions' leaders, are known. */
async function whenVisible(
  admin: KafkaJsAdmin,
  names: readonly string[],
): Promise<ReadonlyMap<string, TopicDescription>> {
  const until_ms = Date.now() + VISIBLE_WITHIN_MS;
  for (;;) {
    const found = await describeTopics(admin, names);
    if (found.size === names.length || Date.now() > until_ms) return found;
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

function check(
  spec: TopicSpec,
  found: TopicDescription | undefined,
  brokers: readonly string[],
): void {
  const { topic } = spec;
  if (found === undefined) {
    throw new SpanloomError(
      'engine-unavailable',
      `topic ${topic} was created but does not show up`,
      {
        retriable: true,
        details: { topic },
      },
    );
  }
  if (found.partitions !== spec.partitions) {
    throw mismatch(
      topic,
      'partitions',
      String(found.partitions),
      String(spec.partitions),
      `Set SPANLOOM_PARTITIONS=${found.partitions}, or use another SPANLOOM_TOPIC_PREFIX: the partitions of a topic must not change, as they say where a trace's spans are`,
    );
  }
  for (const [setting, rule] of Object.entries(spec.required)) {
    const wanted = spec.config[setting] ?? '';
    const is = found.config[setting] ?? '';
    const fits = rule === 'equal' ? is === wanted : Number(is) >= Number(wanted);
    if (fits) continue;
    const cure = `Change it with: kafka-configs.sh --bootstrap-server ${brokers[0] ?? 'HOST:PORT'} --alter --entity-type topics --entity-name ${topic} --add-config ${setting}=${wanted}`;
    throw mismatch(topic, setting, is, rule === 'equal' ? wanted : `at least ${wanted}`, cure);
  }
}

function mismatch(
  topic: string,
  setting: string,
  found: string,
  wanted: string,
  cure: string,
): SpanloomError {
  return new SpanloomError(
    'topic-mismatch',
    `topic ${topic} has ${setting}=${found}, but it must be ${wanted}. ${cure}`,
    { details: { topic, setting, found, wanted } },
  );
}
