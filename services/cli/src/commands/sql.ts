import { readState } from '@spanloom/infra';
import type { Command } from 'commander';
import { clickhouseConfig } from '../connection';
import { runStatement } from '../sql/run-statement';
import { formatTable, parseRows, ROWS_FORMAT } from '../sql/table';
import { homeOf } from './run-options';

const EXAMPLES = `
Examples
  spanloom sql "SELECT ServiceName, count(), quantile(0.99)(Duration) / 1e6 AS p99_ms FROM otel_traces GROUP BY 1 ORDER BY 2 DESC"
  spanloom sql "SELECT * FROM traces ORDER BY Duration DESC LIMIT 5 FORMAT Vertical"
  spanloom sql "SHOW TABLES" --json | jq -r .name

ClickHouse is that of the running "spanloom up", or the one that CLICKHOUSE_URL names.
`;

interface SqlFlags {
  readonly json?: boolean;
  readonly home?: string;
}

async function answerOf(statement: string, flags: SqlFlags): Promise<string> {
  const config = clickhouseConfig(readState(homeOf(flags, process.env)), process.env);
  const format = flags.json ? 'JSONEachRow' : ROWS_FORMAT;
  const answer = await runStatement(statement, format, config);
  if (answer.format !== ROWS_FORMAT) return answer.body.replace(/\n$/, '');
  const rows = parseRows(answer.body);
  return rows === null ? 'Ok.' : formatTable(rows);
}

/** Adds `sql`. Its action rejects with ClickHouse's own words when the statement fails. */
export function registerSql(program: Command): void {
  program
    .command('sql')
    .description('Run a statement on ClickHouse and print its result as a table')
    .argument('<statement>', 'one SQL statement; a FORMAT of its own is printed as it comes')
    .option('--json', 'one JSON object for each row instead of a table')
    .option('--home <folder>', 'the folder that "up" was given')
    .addHelpText('after', EXAMPLES)
    .action(async (statement: string, flags: SqlFlags) => {
      const text = await answerOf(statement, flags);
      if (text !== '') process.stdout.write(`${text}\n`);
    });
}
