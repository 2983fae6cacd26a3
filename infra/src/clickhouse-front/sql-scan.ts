/** Where the token that starts at `at` ends, if it is quoted or a comment; else `at`. */
function skipOpaque(sql: string, at: number): number {
  const char = sql[at];
  if (char === "'" || char === '"' || char === '`') {
    for (let i = at + 1; i < sql.length; i++) {
      if (sql[i] === '\\') i++;
      else if (sql[i] === char) return i + 1;
    }
    return sql.length;
  }
  if (sql.startsWith('--', at) || char === '#') {
    const end = sql.indexOf('\n', at);
    return end < 0 ? sql.length : end + 1;
  }
  if (sql.startsWith('/*', at)) {
    const end = sql.indexOf('*/', at + 2);
    return end < 0 ? sql.length : end + 2;
  }
  return at;
}

/** First position at or after `from` that is neither space nor comment. */
function skipBlank(sql: string, from: number): number {
  let at = from;
  while (at < sql.length) {
    if (/\s/.test(sql[at] as string)) at++;
    else if (/^(--|\/\*|#)/.test(sql.slice(at, at + 2))) at = skipOpaque(sql, at);
    else break;
  }
  return at;
}

/** Position after the word at `at` if it is `word` (any case), else -1. */
function afterWord(sql: string, at: number, word: string): number {
  const end = at + word.length;
  if (sql.slice(at, end).toUpperCase() !== word) return -1;
  return /[A-Za-z0-9_]/.test(sql[end] ?? ' ') ? -1 : end;
}

/** Position after `a.b.c` with any quoting. */
function skipName(sql: string, from: number): number {
  let at = from;
  while (at < sql.length) {
    const quoted = sql[at] === '`' || sql[at] === '"' ? skipOpaque(sql, at) : at;
    if (quoted > at) at = quoted;
    else if (/[A-Za-z0-9_.]/.test(sql[at] as string)) at++;
    else break;
  }
  return at;
}

/** Position after the parenthesis that closes the one at `from`; the end of the text when there is none. */
function skipParentheses(sql: string, from: number): number {
  let depth = 0;
  let at = from;
  while (at < sql.length) {
    const next = skipOpaque(sql, at);
    if (next > at) {
      at = next;
      continue;
    }
    if (sql[at] === '(') depth++;
    if (sql[at] === ')' && --depth === 0) return at + 1;
    at++;
  }
  return at;
}

/** Position of `word` outside quotes, comments and parentheses; -1 when it is not there. */
function findWord(sql: string, from: number, word: string): number {
  let at = from;
  while (at < sql.length) {
    const next = sql[at] === '(' ? skipParentheses(sql, at) : skipOpaque(sql, at);
    if (next > at) at = next;
    else if (!/[A-Za-z0-9_]/.test(sql[at - 1] ?? ' ') && afterWord(sql, at, word) > 0) return at;
    else at++;
  }
  return -1;
}

/** An `INSERT … FORMAT name` taken apart, so that its data can come from a file. */
export interface DataInsert {
  /** `INSERT INTO table (columns)`. */
  readonly target: string;
  /** The settings clause or ''. */
  readonly settings: string;
  readonly format: string;
  /** Where data that follows in the same text begins, in characters; null when none does. */
  readonly dataAt: number | null;
}

/**
 * Takes an insert with data apart. Gives null for everything else, `INSERT … SELECT` and `… VALUES` included.
 * The grammar: INSERT INTO [TABLE] name [(columns)] [SETTINGS …] FORMAT name [data].
 */
export function parseDataInsert(sql: string): DataInsert | null {
  const start = skipBlank(sql, 0);
  const insert = afterWord(sql, start, 'INSERT');
  if (insert < 0) return null;
  const into = afterWord(sql, skipBlank(sql, insert), 'INTO');
  let at = skipBlank(sql, into > 0 ? into : insert);
  const table = afterWord(sql, at, 'TABLE');
  if (table > 0) at = skipBlank(sql, table);
  if (afterWord(sql, at, 'FUNCTION') > 0) return null;
  at = skipName(sql, at);
  const columns = skipBlank(sql, at);
  if (sql[columns] === '(') at = skipParentheses(sql, columns);
  const target = sql.slice(start, at);
  at = skipBlank(sql, at);
  const isSettings = afterWord(sql, at, 'SETTINGS') > 0;
  const format = isSettings ? findWord(sql, at, 'FORMAT') : at;
  const afterFormat = format < 0 ? -1 : afterWord(sql, format, 'FORMAT');
  if (afterFormat < 0) return null;
  const nameAt = skipBlank(sql, afterFormat);
  const name = /^\w+/.exec(sql.slice(nameAt, nameAt + 100))?.[0] ?? '';
  if (name === '' || name.toUpperCase() === 'VALUES') return null;
  const settings = sql.slice(at, format).trim();
  return { target, settings, format: name, dataAt: dataStart(sql, nameAt + name.length) };
}

/** Data starts after blanks and one line end; a lone semicolon is none. */
function dataStart(sql: string, from: number): number | null {
  const rest = /^[ \t]*\r?\n?/.exec(sql.slice(from, from + 1000))?.[0].length ?? 0;
  const at = from + rest;
  return /^[\s;]*$/.test(sql.slice(at, at + 1000)) && sql.length - at < 1000 ? null : at;
}

/** Whether the text holds a second statement after a semicolon; a server refuses that over HTTP. */
export function hasSecondStatement(sql: string): boolean {
  let at = 0;
  while (at < sql.length) {
    const next = skipOpaque(sql, at);
    if (next > at) at = next;
    else if (sql[at] === ';') {
      const rest = skipBlank(sql, at + 1);
      if (rest < sql.length && sql[rest] !== ';') return true;
      at++;
    } else at++;
  }
  return false;
}

/** Format that the statement itself names at its end, for the content type; null when it names none. */
export function outputFormat(sql: string): string | null {
  return /\bFORMAT\s+(\w+)\s*;?\s*(?:SETTINGS\b[^;]*)?;?\s*$/i.exec(sql.slice(-1000))?.[1] ?? null;
}
