import { describeSettings, type SettingDescription } from '@spanloom/runtime';
import { code, GENERATED, page, table } from './markdown';
import type { ServiceDescription } from './service-description';

const INTRODUCTION = `Each service is its own process and reads its settings at start: from the environment, then from a JSON file
named by \`SPANLOOM_CONFIG\`, then from the defaults. It checks all of them, says everything that is wrong at
once, and prints what it runs with, secrets hidden, as its first log line.

In the file, settings stand under their names. A section named like a service holds for that service alone and
wins over the top level. Settings that only one service has belong into its section; a name that nothing knows
is an error. For example:

\`\`\`json
{
  "kafka_brokers": ["kafka-1:9092", "kafka-2:9092"],
  "topic_prefix": "prod-",
  "gateway": { "log_level": "debug" }
}
\`\`\`

Lists are separated by commas in the environment. An empty variable counts as not given.`;

const HEAD = ['name', 'variable', 'default', 'accepts', 'what it does'];

function shownDefault(row: SettingDescription): string {
  if (row.default === null) return 'none: must be given';
  const value = Array.isArray(row.default) ? row.default.join(',') : String(row.default);
  return value === '' ? 'empty' : code(value);
}

function rowOf(row: SettingDescription): readonly string[] {
  const accepts = row.unit === '' ? row.accepts : `${row.accepts} (${row.unit})`;
  return [code(row.name), code(row.env), shownDefault(row), accepts, row.doc];
}

/** Two services share a setting when they show it in the same words: its group was spread into both. */
const identity = (row: SettingDescription): string => JSON.stringify(row);

/** The settings reference: what several services share first, then each service's own. */
export function settingsPage(services: readonly ServiceDescription[]): string {
  const all = services.map((service) => ({
    name: service.name,
    rows: describeSettings(service.settings),
  }));
  const usersOf = new Map<string, string[]>();
  const byIdentity = new Map<string, SettingDescription>();
  for (const { name, rows } of all) {
    for (const row of rows) {
      byIdentity.set(identity(row), row);
      usersOf.set(identity(row), [...(usersOf.get(identity(row)) ?? []), name]);
    }
  }
  const isShared = (row: SettingDescription): boolean =>
    (usersOf.get(identity(row)) ?? []).length > 1;
  const shared = [...byIdentity.values()].filter(isShared);
  return page([
    '# Settings',
    GENERATED,
    INTRODUCTION,
    '## Shared by several services',
    table(
      [...HEAD, 'used by'],
      shared.map((row) => [...rowOf(row), (usersOf.get(identity(row)) ?? []).join(', ')]),
    ),
    ...all.flatMap(({ name, rows }) => [
      `## ${name}`,
      table(HEAD, rows.filter((row) => !isShared(row)).map(rowOf)),
    ]),
  ]);
}
