import { plainError } from '../../src/sql/run-statement';
import { formatTable, parseRows } from '../../src/sql/table';

test('a table with numbers to the right', () => {
  const rows = parseRows(
    '["service","n"]\n["LowCardinality(String)","UInt64"]\n["cart","18446744073709551615"]\n["ü","7"]\n',
  );
  if (rows === null) throw new Error('there are rows');
  expect(formatTable(rows)).toBe(
    [
      'service                     n',
      '-------  --------------------',
      'cart     18446744073709551615',
      'ü                           7',
      '(2 rows)',
    ].join('\n'),
  );
});

test('no rows, no result set, and cells that would break the table', () => {
  expect(parseRows('')).toBeNull();
  const none = { names: ['a'], types: ['String'], cells: [] };
  expect(formatTable(none)).toBe('a\n-\n(0 rows)');
  const odd = formatTable({ ...none, cells: [['x\n\u001b[2Jy'], ['z'.repeat(500)]] });
  expect(odd).toContain('x\\n?[2Jy');
  expect(odd).toContain(`${'z'.repeat(119)}…\n(2 rows)`);
});

test('plainError leaves out the version', () => {
  const text = "Code: 60. DB::Exception: Table x doesn't exist. (UNKNOWN_TABLE)";
  expect(plainError(`${text} (version 25.8.1.1 (official build))\n`)).toBe(text);
  expect(plainError(text)).toBe(text);
});
