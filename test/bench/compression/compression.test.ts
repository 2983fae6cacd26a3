import { generatedSet, packMessages } from './data-sets';
import { compressionsHere, measureCompression } from './measure-compression';
import { readCompressionOptions } from './options';

test('every compression of this Node gives back what it was given, and makes it smaller', async () => {
  const messages = await packMessages(generatedSet(2_000), 100);
  expect(messages.spans).toBe(2_000);
  const here = await compressionsHere();
  expect(here).toEqual(expect.arrayContaining(['none', 'gzip', 'snappy', 'lz4']));
  const plain = await measureCompression(messages, 'none', 1);
  for (const compression of here.filter((name) => name !== 'none')) {
    const result = await measureCompression(messages, compression, 1);
    expect(result.bytes_per_span).toBeLessThan(plain.bytes_per_span / 2);
  }
});

test('messages hold about as many spans as asked for', async () => {
  const { records, spans } = await packMessages(generatedSet(8_000), 250);
  expect(spans / records.length).toBeCloseTo(250, -1);
});

test.each([
  [['--recording', '/no/such/file'], 'no file'],
  [['--spans', '0'], 'nothing to measure'],
  [['--batch', '0'], '--batch: "0" should be a whole number from 1 to 2000'],
])('%j is refused with a cure', (args, text) => {
  expect(() => readCompressionOptions(args)).toThrow(text);
});
