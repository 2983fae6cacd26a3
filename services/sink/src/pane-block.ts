import type { KafkaRecord } from '@spanloom/kafka';
import { type ChunkPool, PANE_COLUMNS, PaneRows } from '@spanloom/rowbinary';
import { type Block, createBlock } from './block';
import { createLetters } from './letters';
import type { SinkMetrics } from './metrics';
import { SeqSpan } from './presence';
import type { SeqGate } from './seq-gate';
import { wholeRecord } from './unreadable';

/** What rows have room for at first; more comes from the pool. */
const INITIAL_BYTES = 16 * 1024;

/** Makes blocks of the topic `latency`: pane deltas, each message accepted once. */
export function createPaneBlock(
  topic: string,
  partition: number,
  deps: { readonly metrics: SinkMetrics; readonly chunks: ChunkPool },
): Block {
  const { metrics, chunks } = deps;
  const panes = new PaneRows(INITIAL_BYTES, chunks);
  const letters = createLetters(topic, partition, () =>
    metrics.unreadable.inc({ topic: 'latency' }),
  );
  const seqs = new SeqSpan();

  async function add(record: KafkaRecord, gate: SeqGate): Promise<void> {
    const { value } = record;
    if (value === null || !panes.open(value) || panes.partition !== partition) {
      letters.addWhole(record, wholeRecord(record, 'no batch of panes of this partition'));
      return;
    }
    const outcome = gate.pass(panes.seq, record.offset);
    if (outcome === 'repeat') metrics.repeats.inc({ topic: 'latency' });
    if (outcome === 'gap') metrics.gaps.inc({ topic: 'latency' });
    if (outcome !== 'accepted') return;
    const rows = panes.appendOpened();
    if (rows > 0) seqs.add(panes.seq, panes.flushedAtS);
    // Its number counts as accepted: a copy would be as broken.
    if (rows < 0) letters.addWhole(record, wholeRecord(record, 'a pane cannot be read'));
  }

  const table = {
    table: 'latency_panes',
    columns: PANE_COLUMNS,
    rows: panes,
    presence: () => seqs.checkMerging('latency_panes', partition),
  };
  const tenMinutes = {
    table: 'latency_ten_minutes',
    columns: PANE_COLUMNS,
    rows: panes.tenMinutes,
    presence: () => seqs.checkMerging('latency_ten_minutes', partition),
  };
  return createBlock([table, tenMinutes, letters.table], add, [seqs, letters], seqs);
}
