import type { Explanation } from '@spanloom/outlier';
import { explainText } from '../../src/explain/report';

const group = { spans: 1_200, traces: 1_000, sampled: 1, below_traces: 300 };

const found: Explanation = {
  slow: { ...group, spans: 60_000, sampled: 0.8333 },
  rest: group,
  attributes: [
    {
      source: 'resource',
      key: 'k8s.pod.name',
      value: `pod\n${'x'.repeat(80)}`,
      slow: 900,
      rest: 300,
      share_slow: 0.9,
      share_rest: 0.3,
      difference: 0.6,
      bounds: { low: 0.55, high: 0.65 },
      lift: 3,
      score: 0.55,
    },
    {
      source: 'span',
      key: 'cache',
      value: 'hit',
      slow: 0,
      rest: 500,
      share_slow: 0.1,
      share_rest: 0.5,
      difference: -0.4,
      bounds: { low: -0.45, high: -0.35 },
      lift: null,
      score: 0.35,
    },
  ],
  compared: 1_234,
  ids: ['span user.id'],
  keys_cut: true,
  below: [
    {
      service: 'web',
      operation: 'get',
      callee: 'cart',
      share_slow: 1,
      share_rest: 0.5,
      mean_slow_nano: 20e6,
      mean_rest_nano: 1e6,
      difference_nano: 19e6,
      bounds_nano: { low: 18e6, high: 20e6 },
      part: 0.9,
      instance: { name: 'cart-1', share: 0.75 },
    },
    {
      service: 'web',
      operation: 'next to nothing',
      callee: null,
      share_slow: 1,
      share_rest: 1,
      mean_slow_nano: 2e3,
      mean_rest_nano: 1e3,
      difference_nano: 1e3,
      bounds_nano: { low: 500, high: 1_500 },
      part: 0.0001,
      instance: null,
    },
  ],
  below_cut: true,
};

const question = { service: 'web', operation: undefined, slower_than: '20ms', top: 10 };

describe('what explain prints', () => {
  it('is both lists, in one line each row, with what was left out', () => {
    const lines = explainText(question, found).split('\n');
    expect(lines[0]).toBe('calls of web: 60,000 took 20ms or longer, 1,200 did not');
    expect(lines[2]).toContain('(a sample: 83.3 % and 100.0 %)');
    expect(lines[4]).toMatch(
      /^ {2}resource k8s\.pod\.name = pod x+… +90\.0 % +30\.0 % +60\.0 % +55\.0 % +3\.0$/,
    );
    expect(lines[5]).toMatch(/^ {2}span cache = hit +10\.0 % +50\.0 % +-40\.0 % +-35\.0 % +–$/);
    const text = lines.join('\n');
    expect(text).toContain('1,234 values compared');
    expect(text).toContain('not compared, too many values: span user.id');
    expect(text).toContain('there are more attributes');
    expect(text).toMatch(
      /web → cart: get +20\.0 +1\.0 +19\.0 +18\.0 +90\.0 %.* cart-1 \(75\.0 %\)/,
    );
    expect(text).not.toContain('next to nothing');
    expect(text).toContain('fewer traces than meant');
  });

  it('is cut to the rows that were asked for', () => {
    expect(explainText({ ...question, top: 1 }, found)).not.toContain('span cache');
  });

  it('says so when nothing differs for sure', () => {
    const none = { ...found, attributes: [], below: [] };
    expect(explainText(question, none).match(/nothing: what differs may be chance/g)).toHaveLength(
      2,
    );
  });

  it('says why there is nothing to compare', () => {
    const empty = { ...group, spans: 0 };
    const both = { ...found, slow: empty, rest: empty };
    expect(explainText(question, both)).toContain('--operation takes spans of any kind');
    expect(explainText({ ...question, operation: 'x' }, both)).toBe(
      'web: x: none are stored in this time',
    );
    expect(explainText(question, { ...found, slow: empty })).toContain('none of 1,200 took 20ms');
    expect(explainText(question, { ...found, rest: empty })).toContain('all of 60,000 took 20ms');
  });
});
