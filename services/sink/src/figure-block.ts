import { decodeFigureBatch, type FigureBatch } from '@spanloom/avro';
import type { KafkaRecord } from '@spanloom/kafka';
import { COUNTER_COLUMNS, CounterRows, DELAY_COLUMNS, DelayRows } from '@spanloom/rowbinary';
import { type Block, createBlock } from './block';
import { createLetters } from './letters';
import type { SinkMetrics } from './metrics';
import { SeqSpan } from './presence';
import type { SeqGate } from './seq-gate';
import { wholeRecord } from './unreadable';

/**
 * Makes blocks of the topic `figures`. Its messages have no numbers of their own: their offsets serve. Where the commit
 * was lost, the gate knows up to which of them delays are stored; counters may be stored again, since the greatest holds.
 */
export function createFigureBlock(
  topic: string,
  partition: number,
  deps: { readonly metrics: SinkMetrics },
): Block {
  const { metrics } = deps;
  const delays = new DelayRows();
  const counters = new CounterRows();
  const delaySeqs = new SeqSpan();
  const counterSeqs = new SeqSpan();
  const letters = createLetters(topic, partition, () =>
    metrics.unreadable.inc({ topic: 'figures' }),
  );

  function read(record: KafkaRecord): FigureBatch | null {
    try {
      return decodeFigureBatch(record.value ?? Buffer.alloc(0));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      letters.addWhole(record, wholeRecord(record, why));
      return null;
    }
  }

  async function add(record: KafkaRecord, gate: SeqGate): Promise<void> {
    const batch = read(record);
    if (batch === null) return;
    const at_s = Math.floor(record.timestampMs / 1000);
    const origin = { partition, seq: record.offset + 1, at_s };
    const isRepeat = gate.last !== null && origin.seq <= gate.last;
    if (isRepeat) metrics.repeats.inc({ topic: 'figures' });
    else for (const pane of batch.delays) delays.append(pane, origin);
    for (const counted of batch.counters) counters.append(counted, origin);
    if (batch.delays.length > 0 && !isRepeat) delaySeqs.add(origin.seq, at_s);
    if (batch.counters.length > 0) counterSeqs.add(origin.seq, at_s);
  }

  return createBlock(
    [
      {
        table: 'pipeline_delays',
        columns: DELAY_COLUMNS,
        rows: delays,
        presence: () => delaySeqs.checkMerging('pipeline_delays', partition),
      },
      {
        table: 'producer_counters',
        columns: COUNTER_COLUMNS,
        rows: counters,
        presence: () => counterSeqs.checkMerging('producer_counters', partition),
      },
      letters.table,
    ],
    add,
    [delaySeqs, counterSeqs, letters],
  );
}
