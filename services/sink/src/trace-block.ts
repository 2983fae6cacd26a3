import { FragmentReader, type Segment } from '@spanloom/avro';
import type { KafkaRecord } from '@spanloom/kafka';
import {
  FRAGMENT_COLUMNS,
  FragmentRows,
  LEDGER_COLUMNS,
  LedgerRows,
  SPAN_COLUMNS,
  SpanRows,
} from '@spanloom/rowbinary';
import { type Block, createBlock } from './block';
import { createLetters } from './letters';
import type { SinkMetrics } from './metrics';
import { SeqSpan } from './presence';
import type { SeqGate } from './seq-gate';
import type { SpanLayouts } from './span-layouts';
import { wholeRecord } from './unreadable';

/** Makes blocks of the topic `traces`: spans, fragments and the ledger. */
export function createTraceBlock(
  topic: string,
  partition: number,
  deps: { readonly metrics: SinkMetrics; readonly layouts: SpanLayouts },
): Block {
  const { metrics, layouts } = deps;
  const spans = new SpanRows();
  const fragments = new FragmentRows();
  const ledger = new LedgerRows();
  const letters = createLetters(topic, partition, () =>
    metrics.unreadable.inc({ topic: 'traces' }),
  );
  const spanSeqs = new SeqSpan();
  const fragmentSeqs = new SeqSpan();
  const ledgerSeqs = new SeqSpan();
  const reader = new FragmentReader();

  /** Appends a segment's spans; what cannot be read, from there to its end, becomes a dead letter. */
  async function addSegment(record: KafkaRecord, segment: Segment): Promise<void> {
    const { buffer } = reader;
    const { schemaId, start, end } = segment;
    if (layouts.isReadable(schemaId) === null) await layouts.learn(schemaId);
    const known = layouts.isReadable(schemaId) === true;
    let at = start;
    while (known && at < end) {
      const next = spans.append(buffer, at, end);
      if (next < 0) break;
      fragments.addSpan(buffer, spans);
      at = next;
    }
    if (at === end) return;
    const raw = buffer.subarray(at, end);
    const reason = known ? ('malformed' as const) : ('schema-unknown' as const);
    const error = known ? `a span cannot be read: ${spans.reason}` : `schema ${schemaId}`;
    letters.addPart(record, { raw, schemaId, reason, error });
  }

  async function addFragment(record: KafkaRecord): Promise<void> {
    const before = spans.rowCount;
    fragments.begin();
    spans.setFragment(partition, reader.seq, reader.closedAtS);
    for (let i = 0; i < reader.segmentCount; i++) {
      await addSegment(record, reader.segments[i] as Segment);
    }
    const stored = spans.rowCount - before;
    fragments.finish(reader, Math.max(0, reader.spanCount - stored));
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
      else if (kind === 'fragment') await addFragment(record);
      else if (reader.ledger !== null) {
        ledger.append(partition, reader.seq, reader.ledger);
        ledgerSeqs.add(reader.seq, reader.ledger.atS);
      }
    }
  }

  return createBlock(
    [
      {
        table: 'otel_traces',
        columns: SPAN_COLUMNS,
        rows: spans,
        presence: () => spanSeqs.check('otel_traces', 'StoredAt', partition),
      },
      {
        table: 'trace_fragments',
        columns: FRAGMENT_COLUMNS,
        rows: fragments,
        presence: () => fragmentSeqs.check('trace_fragments', 'ClosedAt', partition),
      },
      letters.table,
      {
        table: 'ledger',
        columns: LEDGER_COLUMNS,
        rows: ledger,
        presence: () => ledgerSeqs.check('ledger', 'At', partition),
      },
    ],
    add,
    [spanSeqs, fragmentSeqs, ledgerSeqs, letters],
  );
}
