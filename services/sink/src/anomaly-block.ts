import { type AnomalyEvent, decodeAnomaly } from '@spanloom/detector';
import type { KafkaRecord } from '@spanloom/kafka';
import { ANOMALY_COLUMNS, AnomalyRows } from '@spanloom/rowbinary';
import { type Block, createBlock } from './block';
import { createLetters } from './letters';
import type { SinkMetrics } from './metrics';
import { anomalyCheck } from './presence';
import { wholeRecord } from './unreadable';

/** Makes blocks of the topic `anomalies`. Repeats have the same key in the table, which drops them. */
export function createAnomalyBlock(
  topic: string,
  partition: number,
  deps: { readonly metrics: SinkMetrics },
): Block {
  const { metrics } = deps;
  const rows = new AnomalyRows();
  const letters = createLetters(topic, partition, () =>
    metrics.unreadable.inc({ topic: 'anomalies' }),
  );
  let first: AnomalyEvent | null = null;

  async function add(record: KafkaRecord): Promise<void> {
    try {
      const event = decodeAnomaly(record.value ?? Buffer.alloc(0));
      first ??= event;
      rows.append(event, Math.floor(record.timestampMs / 1000));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      letters.addWhole(record, wholeRecord(record, why));
    }
  }
  const table = {
    table: 'anomalies',
    columns: ANOMALY_COLUMNS,
    rows,
    presence: () => {
      if (first === null) throw new Error('a block without anomalies');
      return anomalyCheck(first);
    },
  };
  const forgetFirst = {
    reset: () => {
      first = null;
    },
  };
  return createBlock([table, letters.table], add, [letters, forgetFirst]);
}
