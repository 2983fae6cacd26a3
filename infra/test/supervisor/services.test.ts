import { parseCopies } from '../../src/supervisor/services';
import type { ProcessRecord } from '../../src/supervisor/state';
import { stopOrder } from '../../src/supervisor/stop-recorded';

test('copies are read, one of each by default', () => {
  expect(parseCopies('')).toEqual({
    gateway: 1,
    assembler: 1,
    latency: 1,
    anomaly: 1,
    sink: 1,
    query: 1,
  });
  expect(parseCopies('assembler=3, latency=0')).toMatchObject({
    assembler: 3,
    latency: 0,
    sink: 1,
  });
});

test.each([
  ['assembly=3', /no service "assembly".*gateway, assembler/],
  ['assembler', /should look like assembler=3/],
  ['assembler=-1', /0 to 64/],
  ['assembler=1.5', /0 to 64/],
  ['gateway=2', /gateway listens on port 4318.*SPANLOOM_OTLP_HTTP_PORT/],
])('%s is refused with the cure', (text, message) => {
  expect(() => parseCopies(text)).toThrow(message);
});

test('whoever takes spans in stops first, engines last', () => {
  const record = (name: string, kind: string, role: 'engine' | 'service'): ProcessRecord => ({
    name,
    kind,
    role,
    identity: null,
    port: null,
    adminPort: null,
    log: '',
    startedAt: '',
    restarts: 0,
    status: 'running',
  });
  const records = [
    record('redis', 'redis', 'engine'),
    record('sink', 'sink', 'service'),
    record('assembler', 'assembler', 'service'),
    record('assembler-2', 'assembler', 'service'),
    record('gateway', 'gateway', 'service'),
  ];
  expect(stopOrder(records).map((group) => group.map(({ name }) => name))).toEqual([
    ['gateway'],
    ['assembler', 'assembler-2'],
    ['sink'],
    ['redis'],
  ]);
});
