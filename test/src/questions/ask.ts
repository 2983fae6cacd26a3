import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { formatTable, parseRows, ROWS_FORMAT, runStatement } from '@spanloom/cli';
import { repositoryRoot } from '@spanloom/infra';
import type { LoadedData } from './data';
import type { Question } from './page';

const COMMAND_MS_MAX = 60_000;

/** Answers a question as `spanloom` prints it. Rejects when the query or the command fails. */
export async function ask(question: Question, data: LoadedData): Promise<string> {
  return question.language === 'sql' ? askSql(question.text, data) : askCommand(question, data);
}

async function askSql(sql: string, data: LoadedData): Promise<string> {
  const login = { clickhouse_user: 'default', clickhouse_password: '' };
  const { body } = await runStatement(sql, ROWS_FORMAT, { ...data, ...login });
  const rows = parseRows(body);
  return rows === null ? 'Ok.' : formatTable(rows);
}

async function askCommand({ text }: Question, data: LoadedData): Promise<string> {
  const [command, ...args] = words(text);
  if (command !== 'spanloom') throw new Error(`only spanloom is run, not ${command}`);
  const bin = join(repositoryRoot(), 'services', 'cli', 'bin', 'spanloom.js');
  const env = {
    ...process.env,
    CLICKHOUSE_URL: data.clickhouse_url,
    CLICKHOUSE_DATABASE: data.clickhouse_database,
  };
  const { stdout } = await promisify(execFile)(process.execPath, [bin, ...args], {
    env,
    timeout: COMMAND_MS_MAX,
  });
  return stdout.trimEnd();
}

/** Words of a command line: a backslash at its end continues a line, quotes hold words together. */
function words(text: string): readonly string[] {
  return [...text.replaceAll('\\\n', ' ').matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, bare]) => single ?? double ?? bare ?? '',
  );
}
