import { SCHEMAS } from '@spanloom/avro';
import type { KafkaRecord } from '@spanloom/kafka';
import { ChunkPool } from '@spanloom/rowbinary';
import { createMetrics } from '@spanloom/runtime';
import { defineMetrics } from '../src';
import { createSeqGate } from '../src/seq-gate';
import { createSpanLayouts } from '../src/span-layouts';
import { createTraceBlock } from '../src/trace-block';
import { fragmentEntry, ledgerEntry, spanBytes, spanOf, tracesMessage } from './traces';

const KNOWN = 4;
const UNKNOWN = 5;

function newBlock(partition = 1) {
  const layouts = createSpanLayouts({
    register: async () => KNOWN,
    schemaById: async (id) => (id === KNOWN ? SCHEMAS.spanBatch : null),
  });
  return createTraceBlock('traces', partition, {
    metrics: defineMetrics(createMetrics('sink')),
    layouts,
    chunks: new ChunkPool(),
  });
}

const record = (value: Buffer | null, offset = 0): KafkaRecord => ({
  offset,
  timestampMs: 1_700_000_000_000,
  key: null,
  value,
  headers: {},
});

const segment = (trace: number, count: number) => ({
  schemaId: KNOWN,
  spanCount: count,
  bytes: spanBytes(Array.from({ length: count }, (_, i) => spanOf(trace, i + 1))),
});

const countsOf = (block: ReturnType<typeof newBlock>): Record<string, number> =>
  Object.fromEntries(block.tables().map(({ table, rowCount }) => [table, rowCount]));

describe('blocks of the topic traces', () => {
  it('makes rows of fragments and ledger entries, of each number once', async () => {
    const block = newBlock();
    const gate = createSeqGate(null);
    const entries = [fragmentEntry(1, [segment(1, 3), segment(1, 2)]), ledgerEntry()];
    await block.add(record(tracesMessage(1, 1, entries), 0), gate);
    await block.add(record(tracesMessage(1, 1, entries), 1), gate);
    await block.add(
      record(tracesMessage(1, 2, [entries[1] as Buffer, entries[0] as Buffer]), 2),
      gate,
    );
    expect(countsOf(block)).toEqual({
      otel_traces: 10,
      trace_fragments: 2,
      service_edges: 2,
      ledger: 1,
    });
    expect(gate.last).toBe(3);
    block.reset();
    expect(block.tables()).toEqual([]);
    expect(block.bytes).toBe(0);
  });

  it('makes the same rows again of the same records', async () => {
    const message = tracesMessage(1, 5, [fragmentEntry(9, [segment(9, 4)])]);
    const once = newBlock();
    const again = newBlock();
    await once.add(record(message), createSeqGate(4));
    await again.add(record(tracesMessage(1, 3, [ledgerEntry(), ledgerEntry()])), createSeqGate(4));
    await again.add(record(message), createSeqGate(4));
    expect(again.tables()).toEqual(once.tables());
  });

  it('refuses what comes after a missing number, until that comes', async () => {
    const block = newBlock();
    const gate = createSeqGate(1);
    const entry = fragmentEntry(1, [segment(1, 1)]);
    await block.add(record(tracesMessage(1, 3, [entry]), 10), gate);
    await block.add(record(tracesMessage(1, 4, [entry]), 11), gate);
    expect(block.tables()).toEqual([]);
    expect(gate).toMatchObject({ last: 1, gapOffset: 10 });
    await block.add(record(tracesMessage(1, 2, [entry, entry]), 12), gate);
    expect(gate).toMatchObject({ last: 3, gapOffset: null });
    expect(countsOf(block)).toMatchObject({ trace_fragments: 2 });
  });

  it('turns what it cannot read into dead letters, and goes on', async () => {
    const block = newBlock();
    const gate = createSeqGate(null);
    const good = fragmentEntry(1, [segment(1, 2)]);
    const whole = tracesMessage(1, 3, [good, good]);
    await block.add(record(null, 0), gate);
    await block.add(record(Buffer.from('not ours'), 1), gate);
    await block.add(record(tracesMessage(2, 1, [good]), 2), gate);
    await block.add(record(tracesMessage(1, 1, [good, good]), 3), gate);
    await block.add(record(whole.subarray(0, whole.length - 30), 4), gate);
    expect(countsOf(block)).toMatchObject({ otel_traces: 6, trace_fragments: 3, dead_letters: 4 });
    expect(gate.last).toBe(3);
  });

  it('keeps the readable spans of a broken segment, and counts the others', async () => {
    const block = newBlock();
    const bytes = spanBytes([spanOf(1, 1), spanOf(1, 2), spanOf(1, 3)]);
    const second = spanBytes([spanOf(1, 1)]).length;
    bytes.fill(0xff, second + 40, second + 60);
    const unknown = { ...segment(1, 2), schemaId: UNKNOWN };
    const entry = fragmentEntry(1, [
      { schemaId: KNOWN, spanCount: 3, bytes },
      unknown,
      segment(2, 1),
    ]);
    await block.add(record(tracesMessage(1, 1, [entry])), createSeqGate(null));
    expect(countsOf(block)).toMatchObject({ otel_traces: 2, trace_fragments: 1, dead_letters: 2 });
  });

  it('does not store spans of a layout that it does not know', async () => {
    const layouts = createSpanLayouts({
      register: async () => 1,
      schemaById: async () => ({ type: 'record', name: 'SpanBatch', fields: [] }),
    });
    await expect(layouts.learn(8)).rejects.toMatchObject({ code: 'schema-incompatible' });
    expect(layouts.isReadable(8)).toBeNull();
  });
});
