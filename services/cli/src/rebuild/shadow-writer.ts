import { FragmentBatchBuilder, FragmentReader } from '@spanloom/avro';
import type { ClickHouse } from '@spanloom/clickhouse';
import { encoded, type Rows, TraceRows } from '@spanloom/rowbinary';
import { isRetriable, retry, SpanloomError, systemClock } from '@spanloom/runtime';
import type { Entry } from '@spanloom/window';
import { REBUILT_TABLES, type RebuiltTable, type ShadowNames } from './tables';

/** A block is inserted when it has this much. */
const BLOCK_ROWS = 50_000;
const BLOCK_BYTES = 16 * 1024 * 1024;
/** Entries become rows when this much has gathered. */
const ENTRIES_BYTES = 512 * 1024;
const KEEP_BYTES_MAX = 4 * 1024 * 1024;
const INSERT_ATTEMPTS_MAX = 6;
/** Any will do: what is read here was written a moment ago. */
const SCHEMA_ID = 1;

/** Puts the entries of one partition into the shadow tables, as assembler and sink together would. */
export interface ShadowWriter {
  /** Takes entries with consecutive numbers. */
  add(entries: readonly Entry[]): Promise<void>;
  /** Inserts what is left. */
  finish(): Promise<void>;
  readonly spans: number;
  readonly fragments: number;
}

/** @param partition number of the partition */
export function createShadowWriter(
  partition: number,
  deps: { readonly clickhouse: ClickHouse; readonly names: ShadowNames },
): ShadowWriter {
  const { clickhouse, names } = deps;
  const builder = new FragmentBatchBuilder(partition);
  const reader = new FragmentReader();
  const rows = new TraceRows(partition);
  const counts = { spans: 0, fragments: 0, blocks: 0 };

  function rowsOf({ name }: RebuiltTable): Rows {
    if (name === 'otel_traces') return rows.spans;
    return name === 'trace_fragments' ? rows.fragments : rows.ledger;
  }

  /** The same bytes as on the topic traces, read as the sink reads them. */
  function makeRows(): void {
    if (builder.entryCount === 0) return;
    reader.reset(builder.finish(SCHEMA_ID));
    builder.reset();
    for (let kind = reader.next(); kind !== 'end'; kind = reader.next()) {
      if (kind === 'corrupt') {
        throw new SpanloomError('internal', `entry ${reader.seq} of ${partition} cannot be read`);
      }
      if (kind === 'ledger') rows.addLedger(reader);
      // Every span was read on its way into its window; what no row can hold is counted by the fragment.
      else {
        counts.spans += rows.addFragment(
          reader,
          () => true,
          () => undefined,
        );
        counts.fragments++;
      }
    }
  }

  async function insert(): Promise<void> {
    const block = counts.blocks++;
    for (const table of REBUILT_TABLES) {
      const made = rowsOf(table);
      if (made.rowCount === 0) continue;
      const name = names.shadow(table);
      await retry(
        () =>
          clickhouse.insertRows(name, table.columns, encoded(made), {
            optimize_on_insert: 0,
            insert_deduplication_token: `${name}-${partition}-${block}`,
          }),
        {
          attempts_max: INSERT_ATTEMPTS_MAX,
          base_ms: 200,
          max_ms: 5_000,
          clock: systemClock,
          isRetriable,
        },
      );
      made.reset(KEEP_BYTES_MAX);
    }
    // Calls were told to service_edges when the fragments were first stored, and add up: not a second time.
    rows.edges.reset(KEEP_BYTES_MAX);
  }

  const isFull = (): boolean =>
    rows.spans.byteCount + rows.fragments.byteCount > BLOCK_BYTES ||
    rows.spans.rowCount + rows.fragments.rowCount + rows.ledger.rowCount > BLOCK_ROWS;

  return {
    get spans() {
      return counts.spans;
    },
    get fragments() {
      return counts.fragments;
    },
    async add(entries) {
      for (const { seq, bytes } of entries) {
        builder.add(seq, bytes);
        if (builder.bytes < ENTRIES_BYTES) continue;
        makeRows();
        if (isFull()) await insert();
      }
    },
    async finish() {
      makeRows();
      await insert();
    },
  };
}
