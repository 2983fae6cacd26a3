import { durationNanoOf } from '@spanloom/model';
import { traceIdOf } from '../../src/jaeger/ids';
import { jaegerKindOf, storedKindOf } from '../../src/jaeger/kinds';
import { tagOf } from '../../src/jaeger/tags';

describe('durations', () => {
  it.each([
    ['1ms', 1_000_000n],
    ['2.5s', 2_500_000_000n],
    ['100us', 100_000n],
    ['7µs', 7_000n],
    ['1h2m3s', 3_723_000_000_000n],
    ['.5ms', 500_000n],
    ['0', 0n],
  ])('reads %s', (text, nano) => {
    expect(durationNanoOf(text)).toBe(nano);
  });

  it.each(['', '5', 'ms', '1 ms', '-1ms', '1ms;', '1e3ms', '1.ms', "1ms' OR 1=1", '99999999h'])(
    'turns down %j',
    (text) => {
      expect(durationNanoOf(text)).toBeNull();
    },
  );
});

describe('trace ids', () => {
  it('fills short ids up and lowers letters', () => {
    expect(traceIdOf('ABC')).toBe('abc'.padStart(32, '0'));
    expect(traceIdOf('f'.repeat(32))).toBe('f'.repeat(32));
  });

  it.each(['', 'xyz', "a'", '0', 'a'.repeat(33), '0x1', ' a'])('turns down %j', (text) => {
    expect(traceIdOf(text)).toBeNull();
  });
});

describe('tags', () => {
  it.each([
    ['true', 'bool', true],
    ['0', 'int64', 0],
    ['-12', 'int64', -12],
    ['0.25', 'float64', 0.25],
    ['007', 'string', '007'],
    ['-0', 'string', '-0'],
    ['1.10', 'string', '1.10'],
    ['1e3', 'string', '1e3'],
    ['12345678901234567890', 'string', '12345678901234567890'],
    ['', 'string', ''],
    ['True', 'string', 'True'],
  ])('types %j as %s, and never so that it reads differently', (text, type, value) => {
    expect(tagOf('k', text)).toEqual({ key: 'k', type, value });
    expect(String(tagOf('k', text).value)).toBe(text);
  });
});

describe('kinds', () => {
  it('goes between words and stored names', () => {
    expect(storedKindOf('server')).toBe('Server');
    expect(storedKindOf('Client')).toBe('Client');
    expect(storedKindOf('toString')).toBeNull();
    expect(jaegerKindOf('Consumer')).toBe('consumer');
    expect(jaegerKindOf('Unspecified')).toBe('');
  });
});
