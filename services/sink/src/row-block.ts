import { decodeDeadLetter } from '@spanloom/avro';
import type { KafkaRecord } from '@spanloom/kafka';
import { DEAD_LETTER_COLUMNS, DeadLetterRows, PANE_COLUMNS, PaneRows } from '@spanloom/rowbinary';
import { type Block, KEEP_BYTES_MAX, type TableRows } from './block';
import type { SinkMetrics } from './metrics';
import type { SeqGate } from './seq-gate';
import { unreadable } from './unreadable';

/** Makes blocks of the topic `latency`: pane deltas, each message accepted once. */
export function createPaneBlock(topic: string, partition: number, metrics: SinkMetrics): Block {
  const panes = new PaneRows();
  const letters = new DeadLetterRows();
  const labels = { topic: 'latency' };

  function add(record: KafkaRecord, gate: SeqGate): void {
    const { value } = record;
    if (value !== null && panes.open(value)) {
      const outcome = gate.pass(panes.seq);
      if (outcome === 'repeat') metrics.repeats.inc(labels);
      if (outcome === 'gap') metrics.gaps.inc(labels);
      if (outcome !== 'accepted' || panes.appendOpened() >= 0) return;
    }
    metrics.unreadable.inc(labels);
    letters.append(unreadable(topic, partition, record, -1, value ?? Buffer.alloc(0), 0));
  }
  return blockOf(add, [
    { table: 'latency_panes', columns: PANE_COLUMNS, rows: panes },
    { table: 'dead_letters', columns: DEAD_LETTER_COLUMNS, rows: letters },
  ]);
}

/** Makes blocks of the topic `dead-letters`. Repeats have the same key in the table, which drops them. */
export function createLetterBlock(topic: string, partition: number, metrics: SinkMetrics): Block {
  const letters = new DeadLetterRows();

  function add(record: KafkaRecord): void {
    try {
      letters.append(decodeDeadLetter(record.value ?? Buffer.alloc(0)));
    } catch {
      metrics.unreadable.inc({ topic: 'dead-letters' });
      const raw = record.value ?? Buffer.alloc(0);
      letters.append(unreadable(topic, partition, record, -1, raw, 0));
    }
  }
  return blockOf(add, [{ table: 'dead_letters', columns: DEAD_LETTER_COLUMNS, rows: letters }]);
}

function blockOf(
  add: Block['add'],
  all: readonly {
    readonly table: string;
    readonly columns: readonly string[];
    readonly rows: PaneRows | DeadLetterRows;
  }[],
): Block {
  const sum = (of: (rows: PaneRows | DeadLetterRows) => number): number =>
    all.reduce((total, { rows }) => total + of(rows), 0);
  return {
    add,
    get bytes() {
      return sum((rows) => rows.length);
    },
    get rowCount() {
      return sum((rows) => rows.rowCount);
    },
    tables: () =>
      all
        .filter(({ rows }) => rows.rowCount > 0)
        .map(({ table, columns, rows }): TableRows => {
          return { table, columns, body: rows.view(), rowCount: rows.rowCount };
        }),
    reset() {
      for (const { rows } of all) rows.reset(KEEP_BYTES_MAX);
    },
  };
}
