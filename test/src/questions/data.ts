import { join } from 'node:path';
import { createClickHouse, migrate } from '@spanloom/clickhouse';
import { repositoryRoot } from '@spanloom/infra';
import { createLogger } from '@spanloom/runtime';
import { generatedLog, recordedLog, recordingPath } from '../recorded/span-log';
import { storeLog } from '../recorded/store';
import { DATA_NAMES, type DataName } from './page';

const PARTITIONS = 4;
/** Recordings are old: nothing may expire. */
const RETENTION_DAYS = 10_000;
const SHOP = {
  seed: 7,
  traces: 2_500,
  tracesPerSecond: 4,
  startUnixMs: Date.UTC(2026, 0, 1),
  slowInstance: { service: 'catalog', instance: 1, ms: 60 },
} as const;

/** A database with one of the data sets. */
export interface LoadedData {
  readonly name: DataName;
  readonly clickhouse_url: string;
  readonly clickhouse_database: string;
}

/**
 * Loads the data that pages are asked of, each into a database of its own, as the services would have stored it.
 * Recordings that are not on this machine are left out.
 */
export async function loadData(
  clickhouse_url: string,
  prefix: string,
): Promise<readonly LoadedData[]> {
  const loaded: LoadedData[] = [];
  for (const name of DATA_NAMES) {
    const log = logOf(name);
    if (log === null) continue;
    const data = { name, clickhouse_url, clickhouse_database: `${prefix}${name}` };
    await load(data, log);
    loaded.push(data);
  }
  return loaded;
}

function logOf(name: DataName) {
  if (name === 'shop') return generatedLog(SHOP, PARTITIONS);
  const path = recordingPath(name);
  return path === null ? null : recordedLog(path, PARTITIONS);
}

async function load(
  { clickhouse_url, clickhouse_database }: LoadedData,
  log: NonNullable<ReturnType<typeof logOf>>,
): Promise<void> {
  const logger = createLogger({ service: 'questions', level: 'warn' });
  const login = { clickhouse_user: 'default', clickhouse_password: '' };
  const clickhouse = createClickHouse(
    { clickhouse_url, clickhouse_database, ...login },
    { logger },
  );
  try {
    await migrate(
      clickhouse,
      join(repositoryRoot(), 'schemas', 'clickhouse'),
      { logger },
      { retention_days: RETENTION_DAYS },
    );
    await storeLog(clickhouse, log, { partitions: PARTITIONS });
  } finally {
    await clickhouse.close();
  }
}
