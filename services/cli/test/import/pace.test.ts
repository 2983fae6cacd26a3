import { createPace, parseSpeed } from '../../src/import/pace';

test('parseSpeed takes max and positive numbers', () => {
  expect(parseSpeed('max')).toBe('max');
  expect(parseSpeed('2.5')).toBe(2.5);
  for (const text of ['0', '-1', 'fast', 'Infinity']) {
    expect(() => parseSpeed(text)).toThrow(`"${text}" is not`);
  }
});

test('a pace starts with its first line and never waits for the past', () => {
  const pace = createPace(10);
  expect(pace(null, 100)).toBe(0);
  expect(pace(5000, 200)).toBe(0);
  expect(pace(6000, 200)).toBe(100);
  expect(pace(6000, 350)).toBe(0);
  expect(pace(4000, 350)).toBe(0);
  expect(createPace('max')(9e12, 0)).toBe(0);
});
