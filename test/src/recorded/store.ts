import { FragmentBatchBuilder, FragmentReader } from '@spanloom/avro';
import type { ClickHouse } from '@spanloom/clickhouse';
import {
  EDGE_COLUMNS,
  encoded,
  FRAGMENT_COLUMNS,
  LEDGER_COLUMNS,
  PANE_COLUMNS,
  PaneRows,
  type Rows,
  SPAN_COLUMNS,
  TraceRows,
} from '@spanloom/rowbinary';
import { amend, notedTraces, storedTraces } from '@spanloom/sink';
import {
  createLatencyState,
  LATENCY_RULES,
  type LatencyRules,
  step as latencyStep,
} from '@spanloom/sketch';
import { createWindowState, DEFAULT_RULES, scanRecord, step } from '@spanloom/window';
import { SPAN_SCHEMA_ID, type SpanRecord } from './span-log';

const BLOCK_ROWS = 50_000;
/** Long enough for every window to close and every pane to be flushed. */
const QUIET_MS = 1_000_000;
const KEEP_BYTES_MAX = 4 * 1024 * 1024;

/** What was stored. */
export interface StoredLog {
  readonly spans: number;
  readonly fragments: number;
  readonly amended: number;
}

/** How a log is stored where it differs from the defaults. */
export interface StoreOptions {
  readonly partitions: number;
  readonly latency?: Partial<LatencyRules>;
}

/**
 * Takes a log through the reducer of windows, that of latency, and the sink's transcoder into the tables of
 * `clickhouse`: what assembler, latency worker and sink make of it, without Kafka and Redis between. The
 * log clock is that of the records, and runs on at the end until nothing is open.
 */
export async function storeLog(
  clickhouse: ClickHouse,
  log: AsyncIterable<SpanRecord>,
  { partitions, latency = {} }: StoreOptions,
): Promise<StoredLog> {
  const rules = { ...LATENCY_RULES, ...latency };
  const lines = Array.from({ length: partitions }, (_, partition) => createLine(partition, rules));
  let lastMs = 0;
  for await (const { partition, timestampMs, value } of log) {
    const line = lines[partition] as Line;
    lastMs = Math.max(lastMs, timestampMs);
    line.apply(lastMs, value);
    if (line.rows() >= BLOCK_ROWS) await line.insert(clickhouse);
  }
  for (const line of lines) {
    line.apply(lastMs + QUIET_MS, null);
    line.apply(lastMs + 2 * QUIET_MS, null);
    await line.insert(clickhouse);
  }
  const amended = await amendAll(clickhouse, partitions);
  const sum = (of: (line: Line) => number): number => lines.reduce((n, line) => n + of(line), 0);
  return {
    spans: sum((line) => line.spans()),
    fragments: sum((line) => line.fragments()),
    amended,
  };
}

type Line = ReturnType<typeof createLine>;

/** Assembler, latency worker and sink of one partition. */
function createLine(partition: number, rules: LatencyRules) {
  const windows = createWindowState({});
  const latency = createLatencyState(partition, SPAN_SCHEMA_ID, rules, { seq: 1, clockS: 0 });
  const builder = new FragmentBatchBuilder(partition);
  const reader = new FragmentReader();
  const rows = new TraceRows(partition);
  const panes = new PaneRows();
  const last = { offset: 0, seq: 0, closedAtS: 0 };
  const counts = { spans: 0, fragments: 0 };

  function addEntries(entries: ReturnType<typeof step>): void {
    if (entries.length === 0) return;
    for (const { seq, bytes } of entries) builder.add(seq, bytes);
    reader.reset(builder.finish(SPAN_SCHEMA_ID));
    builder.reset();
    for (let kind = reader.next(); kind !== 'end'; kind = reader.next()) {
      if (kind === 'corrupt') throw new Error(`entry ${reader.seq} of ${partition} cannot be read`);
      if (kind === 'ledger') {
        rows.addLedger(reader);
        continue;
      }
      counts.spans += rows.addFragment(
        reader,
        () => true,
        ({ reason }) => {
          throw new Error(`a span cannot be read: ${reason}`);
        },
      );
      counts.fragments++;
      last.seq = reader.seq;
      last.closedAtS = reader.closedAtS;
    }
  }

  const tables: readonly (readonly [string, readonly string[], Rows])[] = [
    ['otel_traces', SPAN_COLUMNS, rows.spans],
    ['trace_fragments', FRAGMENT_COLUMNS, rows.fragments],
    ['service_edges', EDGE_COLUMNS, rows.edges],
    ['ledger', LEDGER_COLUMNS, rows.ledger],
    ['latency_panes', PANE_COLUMNS, panes],
    ['latency_ten_minutes', PANE_COLUMNS, panes.tenMinutes],
  ];

  return {
    rows: () => rows.spans.rowCount,
    spans: () => counts.spans,
    fragments: () => counts.fragments,
    /** One record of the log; null is a tick. */
    apply(timestampMs: number, value: Buffer | null): void {
      const offset = last.offset++;
      addEntries(step(windows, scanRecord(offset, timestampMs, value), DEFAULT_RULES));
      for (const flush of latencyStep(latency, { offset, timestampMs, batch: value })) {
        for (const message of flush.messages) {
          if (!panes.open(message) || panes.appendOpened() < 0) {
            throw new Error(`panes of ${partition} cannot be read`);
          }
        }
      }
    },
    async insert(clickhouse: ClickHouse): Promise<void> {
      rows.edges.flush(last.seq, last.closedAtS);
      for (const [table, columns, made] of tables) {
        if (made.rowCount === 0) continue;
        await clickhouse.insertRows(table, columns, encoded(made), { optimize_on_insert: 0 });
        made.reset(KEEP_BYTES_MAX);
      }
    },
  };
}

/** Analyses what came in several fragments again as a whole: the log has ended, so every answer is final. */
async function amendAll(clickhouse: ClickHouse, partitions: number): Promise<number> {
  const all = Array.from({ length: partitions }, (_, i) => i);
  let amended = 0;
  for (;;) {
    const noted = await notedTraces(clickhouse, all, 0, []);
    if (noted.length === 0) return amended;
    await amend(clickhouse, await storedTraces(clickhouse, noted), () => true);
    amended += noted.length;
  }
}
