import { FragmentReader } from '@spanloom/avro';
import type { KafkaRecord } from '@spanloom/kafka';
import {
  DEAD_LETTER_COLUMNS,
  DeadLetterRows,
  FRAGMENT_COLUMNS,
  FragmentRows,
  LEDGER_COLUMNS,
  LedgerRows,
  SPAN_COLUMNS,
  SpanRows,
} from '@spanloom/rowbinary';
import { type Block, KEEP_BYTES_MAX, type TableRows } from './block';
import type { SinkMetrics } from './metrics';
import type { SeqGate } from './seq-gate';
import { unreadable } from './unreadable';

/** Makes blocks of the topic `traces`: spans, fragments and the ledger. */
export function createTraceBlock(topic: string, partition: number, metrics: SinkMetrics): Block {
  const spans = new SpanRows();
  const fragments = new FragmentRows();
  const ledger = new LedgerRows();
  const letters = new DeadLetterRows();
  const reader = new FragmentReader();
  const labels = { topic: 'traces' };

  function refuse(record: KafkaRecord, index: number, raw: Buffer, schemaId: number): void {
    metrics.unreadable.inc(labels);
    letters.append(unreadable(topic, partition, record, index, raw, schemaId));
  }

  /** Spans that could not be read of the fragment that the reader is at. */
  function addFragment(record: KafkaRecord): void {
    const { buffer } = reader;
    let deadLettered = 0;
    fragments.begin();
    spans.setFragment(partition, reader.seq, reader.closedAtS);
    for (let i = 0; i < reader.segmentCount; i++) {
      const segment = reader.segments[i] as {
        spanCount: number;
        start: number;
        end: number;
        schemaId: number;
      };
      let left = segment.spanCount;
      let at = segment.start;
      while (at < segment.end) {
        const next = spans.append(buffer, at, segment.end);
        if (next < 0) break;
        fragments.addSpan(buffer, spans);
        at = next;
        left--;
      }
      if (at === segment.end) continue;
      deadLettered += left;
      refuse(record, reader.seq, buffer.subarray(at, segment.end), segment.schemaId);
    }
    fragments.finish(reader, deadLettered);
  }

  function addEntries(record: KafkaRecord, gate: SeqGate): void {
    if (record.value === null || !reader.reset(record.value)) {
      refuse(record, -1, record.value ?? Buffer.alloc(0), 0);
      return;
    }
    for (let kind = reader.next(); kind !== 'end'; kind = reader.next()) {
      if (kind === 'corrupt') {
        refuse(record, -1, record.value, 0);
        return;
      }
      const outcome = gate.pass(reader.seq);
      if (outcome === 'repeat') metrics.repeats.inc(labels);
      else if (outcome === 'gap') metrics.gaps.inc(labels);
      else if (kind === 'fragment') addFragment(record);
      else if (reader.ledger !== null) ledger.append(partition, reader.seq, reader.ledger);
    }
  }

  const all = [
    { table: 'otel_traces', columns: SPAN_COLUMNS, rows: spans },
    { table: 'trace_fragments', columns: FRAGMENT_COLUMNS, rows: fragments },
    { table: 'ledger', columns: LEDGER_COLUMNS, rows: ledger },
    { table: 'dead_letters', columns: DEAD_LETTER_COLUMNS, rows: letters },
  ];
  return {
    add: addEntries,
    get bytes() {
      return spans.length + fragments.length + ledger.length + letters.length;
    },
    get rowCount() {
      return spans.rowCount + fragments.rowCount + ledger.rowCount + letters.rowCount;
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
