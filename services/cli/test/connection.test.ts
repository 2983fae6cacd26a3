import { clickhouseConfig, gatewayUrl, queryUrl } from '../src/connection';

const state = { env: { CLICKHOUSE_URL: 'http://127.0.0.1:9001' }, processes: [] };
const gateway = {
  name: 'gateway',
  role: 'service',
  kind: 'gateway',
  identity: null,
  port: 5318,
  adminPort: null,
  log: '',
  startedAt: '',
  restarts: 0,
  status: 'running',
} as const;

test('the environment wins over what runs, that over the default', () => {
  expect(clickhouseConfig(null, {}).clickhouse_url).toBe('http://127.0.0.1:8123');
  expect(clickhouseConfig(state, { CLICKHOUSE_URL: '' }).clickhouse_url).toBe(
    'http://127.0.0.1:9001',
  );
  const env = { CLICKHOUSE_URL: 'http://other:8123' };
  expect(clickhouseConfig(state, env).clickhouse_url).toBe('http://other:8123');
});

test('where spans go', () => {
  expect(gatewayUrl(undefined, null, {})).toBe('http://127.0.0.1:4318/v1/traces');
  expect(gatewayUrl(undefined, null, { SPANLOOM_OTLP_HTTP_PORT: '99' })).toBe(
    'http://127.0.0.1:99/v1/traces',
  );
  expect(gatewayUrl(undefined, { processes: [gateway] }, {})).toBe(
    'http://127.0.0.1:5318/v1/traces',
  );
  expect(gatewayUrl('http://far:1', state, {})).toBe('http://far:1/v1/traces');
  expect(gatewayUrl('https://far/otlp', state, {})).toBe('https://far/otlp');
  expect(() => gatewayUrl('far:4318', state, {})).toThrow('is no URL');
});

test('where queries go', () => {
  expect(queryUrl(undefined, null, {})).toBe('http://127.0.0.1:8080');
  expect(queryUrl(undefined, null, { SPANLOOM_QUERY_PORT: '99' })).toBe('http://127.0.0.1:99');
  const query = { ...gateway, name: 'query', kind: 'query', port: 8081 };
  expect(queryUrl(undefined, { processes: [gateway, query] }, {})).toBe('http://127.0.0.1:8081');
  expect(queryUrl('http://far:1/', null, {})).toBe('http://far:1');
  expect(() => queryUrl('ftp://far', null, {})).toThrow('--query');
});
