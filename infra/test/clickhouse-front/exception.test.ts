import { serverException } from '../../src/clickhouse-front/exception';

test('a doubly wrapped error is unwrapped once and keeps its code', () => {
  const exception = serverException(
    'Code: 33. DB::Exception: Code: 33. DB::Exception: Cannot read all data. (CANNOT_READ_ALL_DATA) (version 26.7.2.1). (CANNOT_READ_ALL_DATA)',
    '26.7.2.1',
  );
  expect(exception).toEqual({
    code: 33,
    status: 400,
    text: 'Code: 33. DB::Exception: Cannot read all data. (CANNOT_READ_ALL_DATA) (version 26.7.2.1)',
  });
});

test('a plain error gets the version at its end', () => {
  const text = 'Code: 60. DB::Exception: Table d.t does not exist. (UNKNOWN_TABLE)';
  expect(serverException(text, '1.2')).toEqual({
    code: 60,
    status: 404,
    text: `${text} (version 1.2 (embedded build))`,
  });
});

test('what is no engine error at all becomes one', () => {
  const exception = serverException('unexpected end of file', '1.2');
  expect(exception.code).toBe(1001);
  expect(exception.status).toBe(500);
  expect(exception.text).toContain('DB::Exception: unexpected end of file (STD_EXCEPTION)');
});
