import type { ClickHouse } from '@spanloom/clickhouse';
import { FRAGMENT_COLUMNS, LEDGER_COLUMNS, SPAN_COLUMNS } from '@spanloom/rowbinary';
import { SpanloomError } from '@spanloom/runtime';

/** A table that is rebuilt. */
export interface RebuiltTable {
  readonly name: 'otel_traces' | 'trace_fragments' | 'ledger';
  /** What the sink writes: all that is compared. */
  readonly columns: readonly string[];
  /** What names the trace of a row. */
  readonly traceId: string;
}

/** The table of fragments. */
export const FRAGMENTS: RebuiltTable = {
  name: 'trace_fragments',
  columns: FRAGMENT_COLUMNS,
  traceId: 'TraceId',
};

/** The table of what came in. */
export const LEDGER: RebuiltTable = { name: 'ledger', columns: LEDGER_COLUMNS, traceId: "''" };

/** In the order in which the sink writes them: whoever sees a ledger row sees what it counts. */
export const REBUILT_TABLES: readonly RebuiltTable[] = [
  { name: 'otel_traces', columns: SPAN_COLUMNS, traceId: 'TraceId' },
  FRAGMENTS,
  LEDGER,
];

/** Where the shadow tables are called so, when nobody names them. */
export const SUFFIX_DEFAULT = 'rebuild';

const SUFFIX = /^[a-z][a-z0-9_]{0,31}$/;
const COMMENT = 'made by spanloom rebuild; may be dropped';

/** The tables of one rebuild. All names are made of constants and the checked suffix. */
export interface ShadowNames {
  shadow(table: RebuiltTable): string;
  /** Rows on their way into a live table. */
  patch(table: RebuiltTable): string;
  /** Which offsets and sequence numbers were replayed. */
  readonly ranges: string;
  /** Fragments of otel_traces to look at more closely. */
  readonly candidates: string;
  /** (table, partition, number) of what differs. */
  readonly differences: string;
  readonly all: readonly string[];
}

/** @throws SpanloomError 'usage' when the suffix is not plain lower-case letters, digits and underscores */
export function shadowNames(suffix: string): ShadowNames {
  if (!SUFFIX.test(suffix)) {
    throw new SpanloomError(
      'usage',
      `--into: "${suffix}" should be up to 32 lower-case letters, digits and underscores, a letter first`,
    );
  }
  const names = {
    shadow: ({ name }: RebuiltTable) => `${name}_${suffix}`,
    patch: ({ name }: RebuiltTable) => `${name}_${suffix}_patch`,
    ranges: `rebuild_ranges_${suffix}`,
    candidates: `rebuild_candidates_${suffix}`,
    differences: `rebuild_differences_${suffix}`,
  };
  const { ranges, candidates, differences } = names;
  const all = [
    ...REBUILT_TABLES.flatMap((table) => [names.shadow(table), names.patch(table)]),
    ...[ranges, candidates, differences],
  ];
  return { ...names, all };
}

/** Drops what an earlier rebuild left under these names. Throws 'usage' when one of them is somebody else's. */
export async function dropShadows(clickhouse: ClickHouse, names: ShadowNames): Promise<void> {
  const found = await clickhouse.query<{ name: string; comment: string }>(
    'SELECT name, comment FROM system.tables WHERE database = currentDatabase() AND name IN {all:Array(String)}',
    { all: names.all },
  );
  const foreign = found.find(({ comment }) => comment !== COMMENT);
  if (foreign !== undefined) {
    throw new SpanloomError(
      'usage',
      `${foreign.name} exists and was not made by a rebuild: choose another --into`,
    );
  }
  for (const { name } of found) await clickhouse.command(`DROP TABLE ${name} SYNC`);
}

/**
 * Makes the shadow tables, empty. They have the columns and keys of the live ones, but are plain MergeTree: what
 * the log says is kept as it came, so that its checksum does not depend on merges, and does not expire.
 */
export async function createShadows(clickhouse: ClickHouse, names: ShadowNames): Promise<void> {
  for (const table of REBUILT_TABLES) {
    const [live] = await clickhouse.query<{ partition_key: string; sorting_key: string }>(
      'SELECT partition_key, sorting_key FROM system.tables WHERE database = currentDatabase() AND name = {name:String}',
      { name: table.name },
    );
    if (live === undefined) {
      throw new SpanloomError(
        'clickhouse-failed',
        `the database ${clickhouse.database} has no table ${table.name}: "spanloom up" makes it; ` +
          'or CLICKHOUSE_DATABASE names another database',
      );
    }
    await clickhouse.command(
      `CREATE TABLE ${names.shadow(table)} AS ${table.name} ENGINE = MergeTree` +
        ` PARTITION BY (${live.partition_key}) ORDER BY (${live.sorting_key})` +
        ` SETTINGS non_replicated_deduplication_window = 10000 COMMENT '${COMMENT}'`,
    );
  }
  await clickhouse.command(
    `CREATE TABLE ${names.ranges} (Partition UInt16, FromOffset UInt64, ToOffset UInt64, AfterSeq UInt64,` +
      ` LastSeq UInt64) ENGINE = MergeTree ORDER BY Partition COMMENT '${COMMENT}'`,
  );
  const differences =
    '(Table LowCardinality(String), Partition UInt16, Seq UInt64, TraceId String, LiveRows UInt64, RebuiltRows UInt64)' +
    ` ENGINE = MergeTree ORDER BY (Table, Partition, Seq) COMMENT '${COMMENT}'`;
  await clickhouse.command(`CREATE TABLE ${names.candidates} ${differences}`);
  await clickhouse.command(`CREATE TABLE ${names.differences} ${differences}`);
}

/** An empty table that parts can be handed on from to the live one: of the same engine and settings. */
export async function createPatch(
  clickhouse: ClickHouse,
  names: ShadowNames,
  table: RebuiltTable,
): Promise<string> {
  const patch = names.patch(table);
  await clickhouse.command(`DROP TABLE IF EXISTS ${patch} SYNC`);
  await clickhouse.command(`CREATE TABLE ${patch} AS ${table.name}`);
  await clickhouse.command(`ALTER TABLE ${patch} MODIFY COMMENT '${COMMENT}'`);
  return patch;
}

/** A hash of all that the sink wrote into a row, as an expression over the table's columns. */
export function rowHash(table: RebuiltTable): string {
  return `cityHash64(${table.columns.map((name) => `\`${name}\``).join(', ')})`;
}
