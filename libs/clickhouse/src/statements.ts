/**
 * Splits a migration into its statements: at semicolons outside of quotes and comments.
 * Comments are left out; statements come trimmed and are never empty.
 */
export function splitStatements(sql: string): string[] {
  const statements: string[] = [];
  let statement = '';
  for (let at = 0; at < sql.length; ) {
    const end = tokenEnd(sql, at);
    const token = sql.slice(at, end);
    at = end;
    if (token.startsWith('--') || token.startsWith('/*')) {
      statement += ' ';
    } else if (token === ';') {
      statements.push(statement.trim());
      statement = '';
    } else {
      statement += token;
    }
  }
  statements.push(statement.trim());
  return statements.filter((text) => text !== '');
}

/** Where the token that begins at `at` ends: a comment, a quoted text, or one character. */
function tokenEnd(sql: string, at: number): number {
  const two = sql.slice(at, at + 2);
  if (two === '--') return endOf(sql, '\n', at, 0);
  if (two === '/*') return endOf(sql, '*/', at, 2);
  const first = sql[at] as string;
  return first === "'" || first === '"' || first === '`' ? quotedEnd(sql, at, first) : at + 1;
}

function endOf(sql: string, mark: string, at: number, markLength: number): number {
  const found = sql.indexOf(mark, at + 2);
  return found < 0 ? sql.length : found + markLength;
}

/** A doubled quote reads as two texts side by side, which comes to the same. */
function quotedEnd(sql: string, at: number, quote: string): number {
  for (let i = at + 1; i < sql.length; i++) {
    if (sql[i] === '\\') i++;
    else if (sql[i] === quote) return i + 1;
  }
  return sql.length;
}
