import { latencyRequestOf } from '../../src/routes/latency-parameters';
import { createParameters } from '../../src/routes/parameters';
import { searchOf } from '../../src/routes/search-parameters';

function searchFrom(query: object) {
  const parameters = createParameters(query);
  return { search: searchOf(parameters), problems: parameters.problems };
}

function latencyFrom(query: object) {
  const parameters = createParameters(query);
  return { request: latencyRequestOf(parameters), problems: parameters.problems };
}

describe('parameters of a search', () => {
  it('reads all of them', () => {
    const { search, problems } = searchFrom({
      service: "o'cart",
      operation: '',
      tags: '{"a":"b","n":5}',
      tag: ['c:d:e', 'error:true'],
      start: '1',
      end: '9223372036000000',
      minDuration: '1ms',
      limit: '1500',
    });
    expect(problems).toEqual([]);
    expect(search).toEqual({
      service: "o'cart",
      operation: undefined,
      tags: [
        ['a', 'b'],
        ['n', '5'],
        ['c', 'd:e'],
        ['error', 'true'],
      ],
      startNano: 1000n,
      endNano: 9_223_372_036_000_000_000n,
      minNano: 1_000_000n,
      maxNano: undefined,
      limit: 1500,
    });
  });

  it.each([
    [{ limit: '1501' }, /^limit is "1501", but should be a whole number from 1 to 1500$/],
    [{ limit: '1e2' }, /^limit/],
    [{ limit: ['1', '2'] }, /^limit is given 2 times/],
    [{ start: '-1' }, /^start/],
    [{ end: '9999999999999999' }, /^end/],
    [{ start: '2', end: '1' }, /^start is after end/],
    [{ minDuration: '2s', maxDuration: '1s' }, /^minDuration is longer/],
    [{ tags: '[1]' }, /^tags should be a JSON object/],
    [{ tags: '{"a":{}}' }, /^tags should be a JSON object/],
    [{ tag: ':x' }, /^tag should be key:value/],
    [{ tag: Array.from({ length: 33 }, (_, i) => `k${i}:v`) }, /more than 32 tags/],
    [{ maxDuration: 'x'.repeat(5000) }, /^maxDuration is "x{100}…"/],
  ])('says what is wrong with %j', (query, message) => {
    const { problems } = searchFrom(query);
    expect(problems).toEqual([expect.stringMatching(message)]);
  });

  it('says everything at once', () => {
    expect(searchFrom({ limit: '0', start: 'x', tags: '{' }).problems).toHaveLength(3);
  });
});

describe('parameters of latency', () => {
  it.each([
    ['2024-05-01T10:00:00Z', 1_714_557_600],
    ['2024-05-01T12:00:00.5+02:00', 1_714_557_600],
    ['1714557600', 1_714_557_600],
    ['1714557600123', 1_714_557_600],
  ])('reads at=%s', (at, at_s) => {
    const { request, problems } = latencyFrom({ at, window: '15m', kind: 'server' });
    expect(problems).toEqual([]);
    expect(request).toMatchObject({ at_s, window: { seconds: 900 }, filter: { kind: 'Server' } });
  });

  it.each([
    { window: '7m' },
    { window: 'constructor' },
    { at: 'yesterday' },
    { at: '2024-05-01T10:00:00' },
    { at: '2024-13-01T10:00:00Z' },
    { at: '9999999999999' },
    { kind: 'servant' },
    { limit: '10001' },
  ])('turns down %j', (query) => {
    expect(latencyFrom(query).problems).toHaveLength(1);
  });
});
