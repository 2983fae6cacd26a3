import { SCHEMAS } from '@spanloom/avro';
import { createKafka, createTurns, topicSpecs } from '@spanloom/kafka';
import { createRedis } from '@spanloom/redis';
import { BufferPool, createPressure, createTurnstile, runService } from '@spanloom/runtime';
import { assemblerGroup, createRecordReader, rulesOf } from '@spanloom/window';
import { FAR_BEHIND } from './checkpoint-due';
import { createMessagePool } from './message-pool';
import { defineMetrics } from './metrics';
import { type AssemblerDeps, createProcessor } from './processor';
import { watchRedis } from './redis-pressure';
import { settings } from './settings';
import { createTurnTaking } from './turn-taking';

/** Memory that is kept for checkpoints: about one of a partition that is far behind. */
const SEGMENT_BYTES_FREE = 16 * 1024 * 1024;

void runService({
  name: 'assembler',
  settings,
  async start({ config, logger, metrics, health, clock, onStop, fail }) {
    const redis = createRedis(config, { logger });
    onStop('redis', redis.close);
    await redis.checkSafe();
    const assemblerMetrics = defineMetrics(metrics);
    const { paused, redisUsed: usedPercent } = assemblerMetrics;
    const pressure = createPressure({ paused, health, logger, clock });
    const used_percent_max = config.redis_used_percent_max;
    const redisPressure = watchRedis({
      redis,
      used_percent_max,
      usedPercent,
      pressure,
      health,
      clock,
    });
    onStop('redis watch', redisPressure.stop);
    const kafka = createKafka(config, { logger, clientId: 'spanloom-assembler' });
    onStop('kafka', kafka.close);
    await (await kafka.admin()).ensureTopics(topicSpecs(config));
    const registry = kafka.registry();
    const spanBatch = await registry.register(`${kafka.topic('spans')}-value`, SCHEMAS.spanBatch);
    const schemas = {
      traceFragment: await registry.register(
        `${kafka.topic('traces')}-value`,
        SCHEMAS.traceFragment,
      ),
      deadLetter: await registry.register(
        `${kafka.topic('dead-letters')}-value`,
        SCHEMAS.deadLetter,
      ),
    };
    const producer = await kafka.producer({
      compression: config.traces_compression,
      inOrder: true,
      onSlow: (text) => pressure.hold('kafka-write', text),
    });
    onStop('producer', producer.close);
    const group = assemblerGroup(config.topic_prefix);
    const deps: AssemblerDeps = {
      config,
      rules: rulesOf(config),
      group,
      kafka,
      producer,
      redis,
      redisPressure,
      pressure,
      turnTaking: createTurnTaking(createTurns(config.behind_partitions_max), {
        far_bytes: config.checkpoint_bytes_max * FAR_BEHIND,
        clock,
      }),
      reader: createRecordReader(registry, spanBatch),
      schemas,
      messagePool: createMessagePool(),
      checkpoints: createTurnstile(1),
      segments: new BufferPool(SEGMENT_BYTES_FREE),
      metrics: assemblerMetrics,
      logger,
      clock,
    };
    const runner = await kafka.runPartitions({
      groupId: group,
      topic: kafka.topic('spans'),
      createProcessor: (handle) => createProcessor(handle, deps),
      session_timeout_ms: config.session_timeout_ms,
      onFatal: fail,
      onBeat: health.beat,
      onTrouble: pressure.tell,
      onExpired: (records) => assemblerMetrics.expired.inc({}, records),
    });
    onStop('consumer', runner.stop);
  },
});
