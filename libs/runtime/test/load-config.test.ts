import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  choice,
  defineSettings,
  flag,
  int,
  kafkaSettings,
  list,
  loadConfig,
  redisSettings,
  SpanloomError,
  text,
} from '../src';

const settings = defineSettings('gateway', {
  name: text({ default: 'x', doc: 'A name.' }),
  token: text({ default: '', secret: true, doc: 'A token.' }),
  gap_ms: int({ default: 10, min: 1, max: 100, doc: 'A gap.' }),
  on: flag({ default: false, doc: 'A flag.' }),
  color: choice(['red', 'green'], { default: 'red', doc: 'A color.' }),
  hosts: list({ default: ['a'], env: 'HOSTS', doc: 'Hosts.' }),
  tags: list({ default: [], doc: 'Tags.' }),
});

const dir = mkdtempSync(join(tmpdir(), 'spanloom-config-'));
afterAll(() => rmSync(dir, { recursive: true }));

function fileWith(content: string): string {
  const path = join(dir, 'config.json');
  writeFileSync(path, content);
  return path;
}

function problemsOf(load: () => unknown): string {
  try {
    load();
  } catch (error) {
    expect(error).toBeInstanceOf(SpanloomError);
    expect(error).toMatchObject({ code: 'config-invalid' });
    return (error as SpanloomError).message;
  }
  throw new Error('the configuration was accepted');
}

test('defaults hold where nothing is given, and an empty variable is nothing', () => {
  const config = loadConfig(settings, { env: { SPANLOOM_GAP_MS: '' } });
  expect(config).toEqual({
    name: 'x',
    token: '',
    gap_ms: 10,
    on: false,
    color: 'red',
    hosts: ['a'],
    tags: [],
  });
  expect(Object.isFrozen(config)).toBe(true);
});

test('the environment gives every kind of value', () => {
  const env = {
    SPANLOOM_NAME: 'n',
    SPANLOOM_GAP_MS: '100',
    SPANLOOM_ON: '1',
    SPANLOOM_COLOR: 'green',
    HOSTS: 'a:1, b:2,',
  };
  expect(loadConfig(settings, { env })).toMatchObject({
    name: 'n',
    gap_ms: 100,
    on: true,
    color: 'green',
    hosts: ['a:1', 'b:2'],
  });
});

test('the file is overruled by its section, and both by the environment', () => {
  const file = fileWith(
    JSON.stringify({
      name: 'top',
      color: 'green',
      hosts: ['x', 'y'],
      gap_ms: 2,
      redis_url: 'redis://elsewhere:1',
      gateway: { gap_ms: 3, name: 'section' },
      sink: { anything: 1 },
    }),
  );
  expect(loadConfig(settings, { env: { SPANLOOM_NAME: 'env' }, file })).toMatchObject({
    name: 'env',
    color: 'green',
    hosts: ['x', 'y'],
    gap_ms: 3,
  });
});

test('all problems are told at once, with setting, value and cure', () => {
  const file = fileWith('{"gap_sm": 5, "on": "maybe", "gateway": {"colour": "red"}}');
  const env = { SPANLOOM_GAP_MS: '101', HOSTS: ',', SPANLOOM_COLOR: 'blue' };
  const message = problemsOf(() => loadConfig(settings, { env, file }));
  expect(message).toContain('gap_sm');
  expect(message).toContain('colour');
  expect(message).toContain('on (in ');
  expect(message).toContain('"maybe" is not true or false');
  expect(message).toContain('gap_ms (SPANLOOM_GAP_MS): "101" is not a whole number from 1 to 100');
  expect(message).toContain('hosts (HOSTS): "," is not one or more texts');
  expect(message).toContain('"blue" is not one of red, green');
});

test.each(['1.5', '1e1', '0x10', ' ', 'ten', '9007199254740993'])(
  '%p is no whole number',
  (raw) => {
    const big = defineSettings('x', {
      n: int({ default: 1, min: 0, max: Number.MAX_SAFE_INTEGER, doc: 'N.' }),
    });
    problemsOf(() => loadConfig(big, { env: { SPANLOOM_N: raw } }));
  },
);

test('a setting without a default must be given', () => {
  const required = defineSettings('x', { id: text({ doc: 'An id.' }) });
  expect(problemsOf(() => loadConfig(required, { env: {} }))).toContain(
    'id is not set; set SPANLOOM_ID',
  );
  expect(loadConfig(required, { env: { SPANLOOM_ID: 'i' } })).toEqual({ id: 'i' });
});

test('a wrong secret is not shown', () => {
  const secret = defineSettings('x', redisSettings);
  const message = problemsOf(() => loadConfig(secret, { env: { REDIS_URL: 'hunter2' } }));
  expect(message).toContain('REDIS_URL');
  expect(message).not.toContain('hunter2');
});

test.each([
  ['no JSON', '{"a":'],
  ['no object', '[]'],
])('a file with %s is refused by its path', (_, content) => {
  const file = fileWith(content);
  expect(problemsOf(() => loadConfig(settings, { env: {}, file }))).toContain(file);
});

test('a file that is not there is refused by its path', () => {
  const file = join(dir, 'absent.json');
  expect(problemsOf(() => loadConfig(settings, { env: {}, file }))).toContain(file);
});

test('the shared groups accept their own defaults', () => {
  const config = loadConfig(defineSettings('x', kafkaSettings), { env: {} });
  expect(config.kafka_brokers).toEqual(['127.0.0.1:9092']);
  expect(config.partitions).toBe(8);
});
