import {
  choice,
  clickhouseSettings,
  defineSettings,
  describeSettings,
  flag,
  int,
  list,
  loadConfig,
  redactedConfig,
  redisSettings,
  text,
} from '../src';

const settings = defineSettings('x', {
  ...redisSettings,
  ...clickhouseSettings,
  body_bytes_max: int({ default: 5, min: 0, max: 9, doc: 'Limit.' }),
  workers: int({ default: 1, min: 1, max: 2, unit: 'threads', doc: 'Workers.' }),
  id: text({ doc: 'An id.' }),
});

test('secrets are hidden where the configuration is printed', () => {
  const config = loadConfig(settings, {
    env: {
      REDIS_URL: 'rediss://user:hunter2@redis:6380/1',
      CLICKHOUSE_URL: 'https://ch:8443/?password=hunter2',
      CLICKHOUSE_PASSWORD: 'hunter2',
      SPANLOOM_ID: 'i',
    },
  });
  const printed = redactedConfig(settings, config);
  expect(printed).toMatchObject({
    redis_url: 'rediss://user:redacted@redis:6380/1',
    clickhouse_password: '[redacted]',
    clickhouse_user: 'default',
    id: 'i',
  });
  expect(JSON.stringify(printed)).not.toContain('hunter2');
});

test('an empty secret is shown as empty, so that its absence can be seen', () => {
  const config = loadConfig(settings, { env: { SPANLOOM_ID: 'i' } });
  expect(redactedConfig(settings, config)).toMatchObject({ clickhouse_password: '' });
});

test('every setting is described by name, variable, unit, range and default', () => {
  const rows = describeSettings(settings);
  expect(rows.map((row) => row.name)).toEqual(Object.keys(settings.shape));
  expect(rows.slice(-3)).toEqual([
    {
      name: 'body_bytes_max',
      env: 'SPANLOOM_BODY_BYTES_MAX',
      accepts: 'a whole number from 0 to 9',
      unit: 'bytes',
      default: 5,
      doc: 'Limit.',
    },
    expect.objectContaining({ name: 'workers', unit: 'threads' }),
    expect.objectContaining({ name: 'id', env: 'SPANLOOM_ID', default: null }),
  ]);
});

test.each([
  ['text', text({ doc: '' }), ['', 'a'], [1, null, undefined, ['a']]],
  ['URL', text({ secret: 'url', doc: '' }), ['redis://a:1'], ['a', '', 1]],
  [
    'whole number',
    int({ min: -2, max: 9, doc: '' }),
    ['-2', ' 9 ', 3],
    ['10', '-3', '1.5', 1.5, '', 'x', '0x1', null, true, Number.NaN],
  ],
  ['flag', flag({ doc: '' }), ['true', '0', false], ['yes', '', 1, 0, null]],
  ['choice', choice(['a', 'b'], { doc: '' }), ['a', 'b'], ['c', 'A', '', ['a'], null]],
  ['list', list({ doc: '' }), ['a', 'a, b', ['a']], ['', ',', [], [1], 'a,'.repeat(1001), 1, null]],
  ['list that may be empty', list({ default: [], doc: '' }), ['', 'a', []], [[null], {}]],
] as const)('a %s takes what it says it accepts and nothing else', (_, setting, good, bad) => {
  expect(good.filter((raw) => !setting.read(raw).ok)).toEqual([]);
  expect(bad.filter((raw) => setting.read(raw).ok)).toEqual([]);
});

test('what is read has its own type', () => {
  expect(int({ min: 0, max: 9, doc: '' }).read(' 7 ')).toEqual({ ok: true, value: 7 });
  expect(flag({ doc: '' }).read('0')).toEqual({ ok: true, value: false });
  expect(list({ doc: '' }).read(' a,, b ')).toEqual({ ok: true, value: ['a', 'b'] });
});
