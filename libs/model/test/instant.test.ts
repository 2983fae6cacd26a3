import { unixSecondsOf } from '../src';

describe('points in time', () => {
  it.each([
    ['1661142423', 1_661_142_423],
    ['1661142423999', 1_661_142_423],
    ['2022-08-22T04:27:03Z', 1_661_142_423],
    ['2022-08-22T06:27:03.9+02:00', 1_661_142_423],
    ['0', 0],
    ['2022-08-22T04:27:03', null],
    ['2022-08-22', null],
    ['-1', null],
    ['99999999999999', null],
    ['2107-01-01T00:00:00Z', null],
    ['', null],
  ])('%s is %p', (text, seconds) => {
    expect(unixSecondsOf(text)).toBe(seconds);
  });
});
