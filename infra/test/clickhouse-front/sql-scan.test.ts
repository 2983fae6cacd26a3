import {
  hasSecondStatement,
  outputFormat,
  parseDataInsert,
} from '../../src/clickhouse-front/sql-scan';

describe('parseDataInsert', () => {
  test.each([
    ['INSERT INTO t FORMAT RowBinary', 'INSERT INTO t', '', 'RowBinary'],
    [
      'insert into `d b`.`t` (a, `b)`) format RowBinary',
      'insert into `d b`.`t` (a, `b)`)',
      '',
      'RowBinary',
    ],
    [
      'INSERT INTO TABLE d.t(a)\nFORMAT JSONEachRow\n',
      'INSERT INTO TABLE d.t(a)',
      '',
      'JSONEachRow',
    ],
    [
      "/* why */ INSERT INTO t (a) SETTINGS x = 'FORMAT y', z = 1 FORMAT TSV",
      'INSERT INTO t (a)',
      "SETTINGS x = 'FORMAT y', z = 1",
      'TSV',
    ],
  ])('%s', (sql, target, settings, format) => {
    expect(parseDataInsert(sql)).toEqual({ target, settings, format, dataAt: null });
  });

  test('finds where inline data begins', () => {
    const sql = 'INSERT INTO t FORMAT JSONEachRow\n{"a":1}\n\n{"a":2}';
    expect(sql.slice(parseDataInsert(sql)?.dataAt ?? 0)).toBe('{"a":1}\n\n{"a":2}');
  });

  test.each([
    'SELECT 1 FORMAT TSV',
    'INSERT INTO t SELECT 1',
    'INSERT INTO t (a) VALUES (1)',
    'INSERT INTO t (a) FORMAT Values (1)',
    'INSERT INTO FUNCTION null() SELECT 1',
    "INSERT INTO t FROM INFILE 'x' FORMAT TSV",
  ])('leaves alone: %s', (sql) => {
    expect(parseDataInsert(sql)).toBeNull();
  });
});

test('a second statement is seen, a semicolon in a text or at the end is none', () => {
  expect(hasSecondStatement('SELECT 1; SELECT 2')).toBe(true);
  expect(hasSecondStatement("SELECT ';x'; -- done; really")).toBe(false);
  expect(hasSecondStatement('SELECT 1;;\n')).toBe(false);
});

test('the format at the end of a statement is found', () => {
  expect(outputFormat('SELECT 1 FORMAT JSONEachRow')).toBe('JSONEachRow');
  expect(outputFormat('SELECT 1\nformat JSON;')).toBe('JSON');
  expect(outputFormat("SELECT 'FORMAT x'")).toBeNull();
});
