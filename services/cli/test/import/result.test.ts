import { resultJson, resultText } from '../../src/import/result';

const RESULT = {
  spans_read: 5,
  spans_stored: 4,
  traces_stored: 2,
  duplicates: 1,
  lost: 0,
  duration_ns_sum: 98765432109876543210n,
  seconds: 1.25,
};

test('resultJson writes the sum digit for digit', () => {
  expect(resultJson(RESULT)).toBe(
    '{"spans_read":5,"spans_stored":4,"traces_stored":2,"duplicates":1,"lost":0,' +
      '"duration_ns_sum":98765432109876543210,"seconds":1.25}',
  );
});

test('what nobody waited for is null in JSON and left out of the text', () => {
  const result = {
    ...RESULT,
    spans_stored: null,
    traces_stored: null,
    duplicates: null,
    lost: null,
    duration_ns_sum: null,
  };
  expect(JSON.parse(resultJson(result))).toEqual(result);
  expect(resultText(result)).toBe('Sent 5 spans in 1.25 s (4 spans/s).');
  expect(resultText(RESULT)).toContain('sum of Duration 98,765,432,109,876,543,210 ns');
});
