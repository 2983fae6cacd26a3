import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Logger, retry, SpanloomError, systemClock } from '@spanloom/runtime';
import type { ClickHouse } from './client';
import { clickhouseCode } from './errors';
import { splitStatements } from './statements';

/** Values for the `{{name}}` places of migrations. */
export interface MigrationParameters {
  /** Days that spans, fragments, panes, ledger and dead letters are kept, counted from storing. */
  readonly retention_days: number;
}

/** How long things are kept where nothing else is said. */
export const RETENTION_DAYS_DEFAULT = 30;
/** ClickHouse's DateTime ends in 2106: a longer retention would overflow, and delete at once. */
export const RETENTION_DAYS_MAX = 10_000;

interface Migration {
  readonly version: number;
  readonly name: string;
  readonly checksum: string;
  readonly statements: readonly string[];
}

interface AppliedMigration {
  readonly version: number;
  readonly checksum: string;
}

const FILE_NAME = /^(\d{4})_[a-z0-9_]+\.sql$/;
const MIGRATIONS_TABLE = `CREATE TABLE IF NOT EXISTS schema_migrations
(Version UInt32, Name String, Checksum String, AppliedAt DateTime DEFAULT now())
ENGINE = ReplacingMergeTree ORDER BY Version`;

/** Somebody else creates the same at the same time: 57 table exists, 82 database exists, 473 deadlock. */
const RACE_CODES: ReadonlySet<number | null> = new Set([57, 82, 473]);

/** ClickHouse's UNKNOWN_SETTING. */
const UNKNOWN_SETTING = 115;
/** Says how a table is stored, which changes no answer. */
const TABLE_SETTING = /^ALTER TABLE \w+\s+MODIFY SETTING\b/i;

/**
 * Brings the database to the state of the numbered files in `dir` (`NNNN_name.sql`), in order.
 * ClickHouse has no lock to hold, so every statement must be safe to run again (IF NOT EXISTS, OR
 * REPLACE): several processes may migrate at once, and one that died half-way is simply repeated. A setting of a
 * table that an older server does not know is left out, so one statement should set one that is new.
 * Gives the versions applied now.
 * @throws SpanloomError 'migration-changed' when a file that was applied is not what it was
 */
export async function migrate(
  clickhouse: ClickHouse,
  dir: string,
  deps: { readonly logger: Logger },
  parameters: MigrationParameters = { retention_days: RETENTION_DAYS_DEFAULT },
): Promise<readonly number[]> {
  const migrations = await readMigrations(dir, parameters);
  await patiently(() => clickhouse.createDatabase());
  await patiently(() => clickhouse.command(MIGRATIONS_TABLE));
  const before = await applied(clickhouse);
  refuseChanged(migrations, before);
  const due = migrations.filter(({ version }) => !before.has(version));
  for (const migration of due) {
    for (const statement of migration.statements) {
      await apply(clickhouse, statement, deps.logger);
    }
    await record(clickhouse, migration);
    deps.logger.info({ migration: migration.name }, 'migration applied');
  }
  return due.map(({ version }) => version);
}

async function apply(clickhouse: ClickHouse, statement: string, logger: Logger): Promise<void> {
  try {
    await patiently(() => clickhouse.command(statement));
  } catch (error) {
    if (clickhouseCode(error) !== UNKNOWN_SETTING || !TABLE_SETTING.test(statement)) throw error;
    logger.info({ statement }, 'this ClickHouse does not know the setting of a table: left out');
  }
}

async function readMigrations(dir: string, parameters: MigrationParameters): Promise<Migration[]> {
  const days = parameters.retention_days;
  if (!Number.isInteger(days) || days < 1 || days > RETENTION_DAYS_MAX) {
    throw new SpanloomError(
      'config-invalid',
      `retention_days must be from 1 to ${RETENTION_DAYS_MAX}`,
    );
  }
  const names = (await readdir(dir)).filter((name) => name.endsWith('.sql')).sort();
  const migrations: Migration[] = [];
  for (const name of names) {
    const version = Number(FILE_NAME.exec(name)?.[1] ?? Number.NaN);
    if (Number.isNaN(version) || migrations.some((other) => other.version === version)) {
      throw new SpanloomError(
        'internal',
        `${join(dir, name)}: migrations are NNNN_name.sql, each number once`,
      );
    }
    const text = await readFile(join(dir, name), 'utf8');
    // What the file says counts, not what the parameters make of it: retention may differ.
    const checksum = createHash('sha256').update(text.replaceAll('\r\n', '\n')).digest('hex');
    const statements = splitStatements(fill(name, text, { ...parameters }));
    migrations.push({ version, name, checksum, statements });
  }
  return migrations;
}

function fill(file: string, text: string, parameters: Readonly<Record<string, unknown>>): string {
  return text.replaceAll(/\{\{(\w+)\}\}/g, (_place, name: string) => {
    if (parameters[name] === undefined) {
      throw new SpanloomError(
        'internal',
        `${file} wants the parameter ${name}, which nobody gives`,
      );
    }
    return String(parameters[name]);
  });
}

async function applied(clickhouse: ClickHouse): Promise<ReadonlyMap<number, AppliedMigration>> {
  const rows = await clickhouse.query<AppliedMigration>(
    'SELECT Version AS version, argMin(Checksum, AppliedAt) AS checksum FROM schema_migrations GROUP BY Version',
  );
  return new Map(rows.map((row) => [row.version, row]));
}

function refuseChanged(
  migrations: readonly Migration[],
  before: ReadonlyMap<number, AppliedMigration>,
): void {
  const changed = migrations.find(
    ({ version, checksum }) => (before.get(version)?.checksum ?? checksum) !== checksum,
  );
  if (changed === undefined) return;
  throw new SpanloomError(
    'migration-changed',
    `${changed.name} was applied with other contents: put the file back and make the change in a new one`,
    { details: { migration: changed.name } },
  );
}

async function record(clickhouse: ClickHouse, migration: Migration): Promise<void> {
  const { version, name, checksum } = migration;
  await patiently(() =>
    clickhouse.command(
      `INSERT INTO schema_migrations (Version, Name, Checksum)
       SELECT {version:UInt32}, {name:String}, {checksum:String}`,
      { version, name, checksum },
    ),
  );
}

function patiently(work: () => Promise<void>): Promise<void> {
  return retry(work, {
    attempts_max: 8,
    base_ms: 200,
    max_ms: 3_000,
    clock: systemClock,
    isRetriable: (error) =>
      RACE_CODES.has(clickhouseCode(error)) || (error instanceof SpanloomError && error.retriable),
  });
}
