import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { fileSize, readLines, splitLines } from '../../src/import/read-lines';

const dir = mkdtempSync(join(tmpdir(), 'spanloom-lines-'));
afterAll(() => rmSync(dir, { recursive: true }));

async function linesOf(content: Buffer): Promise<string[]> {
  const path = join(dir, 'file');
  writeFileSync(path, content);
  const lines: string[] = [];
  for await (const { number, text } of readLines(path, () => undefined)) {
    lines.push(`${number} ${text}`);
  }
  return lines;
}

async function* chunked(content: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
}

test('reads plain text, gzip and several gzip members alike, without blank lines', async () => {
  const expected = ['1 ä', '3 b', '4 c'];
  expect(await linesOf(Buffer.from('ä\r\n\nb\nc'))).toEqual(expected);
  expect(await linesOf(gzipSync('ä\n\nb\nc\n'))).toEqual(expected);
  expect(await linesOf(Buffer.concat([gzipSync('ä\n\nb'), gzipSync('\nc\n')]))).toEqual(expected);
  expect(await linesOf(Buffer.alloc(0))).toEqual([]);
});

test('splits the same wherever chunks end', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('a', 'bc', '\n', 'ü')),
      fc.integer({ min: 1, max: 7 }),
      async (pieces, size) => {
        const content = Buffer.from(pieces.join(''));
        const lines: Buffer[] = [];
        for await (const line of splitLines(chunked(content, size))) lines.push(line);
        const expected = content.toString().split('\n');
        if (expected[expected.length - 1] === '') expected.pop();
        expect(lines.map(String)).toEqual(expected);
      },
    ),
  );
});

test('says which file is cut short or missing', async () => {
  const whole = gzipSync(Array.from({ length: 5000 }, (_, i) => `${i * 7919}\n`).join(''));
  await expect(linesOf(whole.subarray(0, whole.length >> 1))).rejects.toMatchObject({
    code: 'usage',
    message: expect.stringMatching(/cannot read .*unexpected end of file, after \d+ lines/),
  });
  await expect(fileSize(join(dir, 'none'))).rejects.toMatchObject({ code: 'usage' });
  await expect(fileSize(dir)).rejects.toMatchObject({ code: 'usage' });
});
