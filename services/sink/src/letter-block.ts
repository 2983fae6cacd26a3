import { decodeDeadLetter } from '@spanloom/avro';
import type { KafkaRecord } from '@spanloom/kafka';
import { type Block, createBlock } from './block';
import { createLetters } from './letters';
import type { SinkMetrics } from './metrics';
import { wholeRecord } from './unreadable';

/** Makes blocks of the topic `dead-letters`. Repeats have the same key in the table, which drops them. */
export function createLetterBlock(
  topic: string,
  partition: number,
  deps: { readonly metrics: SinkMetrics },
): Block {
  const { metrics } = deps;
  const letters = createLetters(topic, partition, () =>
    metrics.unreadable.inc({ topic: 'dead-letters' }),
  );

  async function add(record: KafkaRecord): Promise<void> {
    try {
      letters.add(decodeDeadLetter(record.value ?? Buffer.alloc(0)));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      letters.addWhole(record, wholeRecord(record, why));
    }
  }
  return createBlock([letters.table], add, [letters]);
}
