import {
  clickhouseSettings,
  defineSettings,
  describeSettings,
  int,
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
