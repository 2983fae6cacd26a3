import { isReportName, readReport } from '../src';

const SENT = 'spanloom.sent_at_unix_ms';
const START = 'spanloom.process.start_id';
const ENDED = 'spanloom.spans.ended';
const DROPPED = 'spanloom.spans.dropped';

describe('a report', () => {
  it('may have everything', () => {
    const texts = { [SENT]: '1700000000123', [START]: 'f3b1', [ENDED]: '42', [DROPPED]: '2' };
    expect(readReport(texts)).toEqual({
      sentAt_ms: 1_700_000_000_123,
      counters: { startId: 'f3b1', ended: 42, dropped: 2 },
      faults: [],
    });
  });

  it.each([
    ['nothing', {}, null, null, []],
    ['the time alone', { [SENT]: '5' }, 5, null, []],
    [
      'counters alone, nothing dropped',
      { [START]: 'x', [ENDED]: '0' },
      null,
      { startId: 'x', ended: 0, dropped: 0 },
      [],
    ],
    ['counters of nobody', { [ENDED]: '7' }, null, null, [START]],
    ['a start without a count', { [START]: 'x' }, null, null, [ENDED]],
    ['a negative count', { [START]: 'x', [ENDED]: '-1' }, null, null, [ENDED]],
    ['a count beyond any', { [START]: 'x', [ENDED]: '9'.repeat(16) }, null, null, [ENDED]],
    [
      'more dropped than ended',
      { [START]: 'x', [ENDED]: '1', [DROPPED]: '2' },
      null,
      null,
      [DROPPED],
    ],
    ['a start id with a space', { [START]: 'a b', [ENDED]: '1' }, null, null, [START]],
    ['a start id without end', { [START]: 'a'.repeat(65), [ENDED]: '1' }, null, null, [START]],
    [
      'a time that is none, and counters',
      { [SENT]: 'now', [START]: 'x', [ENDED]: '1' },
      null,
      { startId: 'x', ended: 1, dropped: 0 },
      [SENT],
    ],
  ])('%s', (_what, texts, sentAt_ms, counters, faults) => {
    expect(readReport(texts)).toEqual({ sentAt_ms, counters, faults });
  });

  it('has four names, and no other attribute of ours is one', () => {
    expect([SENT, START, ENDED, DROPPED].every(isReportName)).toBe(true);
    expect(isReportName('spanloom.truncated')).toBe(false);
  });
});
