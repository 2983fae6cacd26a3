import { FragmentReader, type Segment } from '@spanloom/avro';
import type { KafkaRecord } from '@spanloom/kafka';
import {
  type ChunkPool,
  EDGE_COLUMNS,
  FRAGMENT_COLUMNS,
  LEDGER_COLUMNS,
  SPAN_COLUMNS,
  TraceRows,
} from '@spanloom/rowbinary';
import { type Block, createBlock } from './block';
import { createLetters } from './letters';
import type { SinkMetrics } from './metrics';
import { SeqSpan } from './presence';
import type { SeqGate } from './seq-gate';
import type { SpanLayouts } from './span-layouts';
import { wholeRecord } from './unreadable';

/** What blocks of the topic `traces` share. */
export interface TraceBlockDeps {
  readonly metrics: SinkMetrics;
  readonly layouts: SpanLayouts;
  /** Where buffers for rows of spans come from. */
  readonly chunks: ChunkPool;
}

/** Makes blocks of the topic `traces`: spans, fragments, calls and the ledger. */
export function createTraceBlock(topic: string, partition: number, deps: TraceBlockDeps): Block {
  const { metrics, layouts, chunks } = deps;
  const rows = new TraceRows(partition, chunks);
  const letters = createLetters(topic, partition, () =>
    metrics.unreadable.inc({ topic: 'traces' }),
  );
  const spanSeqs = new SeqSpan();
  const fragmentSeqs = new SeqSpan();
  const ledgerSeqs = new SeqSpan();
  const reader = new FragmentReader();

  const isReadable = (schemaId: number): boolean => layouts.isReadable(schemaId) === true;

  /** A schema of the fragment's spans whose layout was not looked up; null without one, as it is nearly always. */
  function unknownSchema(): number | null {
    for (let i = 0; i < reader.segmentCount; i++) {
      const { schemaId } = reader.segments[i] as Segment;
      if (layouts.isReadable(schemaId) === null) return schemaId;
    }
    return null;
  }

  function addFragment(record: KafkaRecord): void {
    const stored = rows.addFragment(reader, isReadable, ({ segment, at, reason }) => {
      const { schemaId, end } = segment;
      const raw = reader.buffer.subarray(at, end);
      if (reason === 'schema-unknown') {
        letters.addPart(record, { raw, schemaId, reason, error: `schema ${schemaId}` });
      } else {
        const error = `a span cannot be read: ${reason}`;
        letters.addPart(record, { raw, schemaId, reason: 'malformed', error });
      }
    });
    fragmentSeqs.add(reader.seq, reader.closedAtS);
    if (stored > 0) spanSeqs.add(reader.seq, reader.closedAtS);
  }

  async function add(record: KafkaRecord, gate: SeqGate): Promise<void> {
    const { value } = record;
    if (value === null || !reader.reset(value) || reader.partition !== partition) {
      letters.addWhole(record, wholeRecord(record, 'no batch of fragments of this partition'));
      return;
    }
    letters.beginRecord();
    for (let kind = reader.next(); kind !== 'end'; kind = reader.next()) {
      if (kind === 'corrupt') {
        letters.addWhole(record, wholeRecord(record, `broken after entry ${reader.seq - 1}`));
        return;
      }
      const outcome = gate.pass(reader.seq, record.offset);
      if (outcome === 'repeat') metrics.repeats.inc({ topic: 'traces' });
      else if (outcome === 'gap') metrics.gaps.inc({ topic: 'traces' });
      else if (kind === 'fragment') {
        // As a rule without a wait: another partition that came in between would take the stage of the rows.
        for (let id = unknownSchema(); id !== null; id = unknownSchema()) await layouts.learn(id);
        addFragment(record);
      } else if (reader.ledger !== null) {
        rows.addLedger(reader);
        ledgerSeqs.add(reader.seq, reader.ledger.atS);
      }
    }
  }

  function flushEdges(): void {
    const last = fragmentSeqs.newest;
    if (last !== null) rows.edges.flush(last.seq, last.atS);
  }

  return createBlock(
    [
      {
        table: 'otel_traces',
        columns: SPAN_COLUMNS,
        rows: rows.spans,
        presence: () => spanSeqs.check('otel_traces', 'StoredAt', partition),
      },
      {
        table: 'trace_fragments',
        columns: FRAGMENT_COLUMNS,
        rows: rows.fragments,
        presence: () => fragmentSeqs.check('trace_fragments', 'ClosedAt', partition),
      },
      {
        table: 'service_edges',
        columns: EDGE_COLUMNS,
        rows: rows.edges,
        finish: flushEdges,
        presence: () => fragmentSeqs.checkMerging('service_edges', partition),
      },
      letters.table,
      {
        table: 'ledger',
        columns: LEDGER_COLUMNS,
        rows: rows.ledger,
        presence: () => ledgerSeqs.check('ledger', 'At', partition),
      },
    ],
    add,
    [spanSeqs, fragmentSeqs, ledgerSeqs, letters],
    fragmentSeqs,
  );
}
