import { createManualClock } from '@spanloom/runtime';
import { alignColumns } from '../../src/terminal/columns';
import { createProgress, grouped, shortMs } from '../../src/terminal/progress';

function screen(isTTY: boolean) {
  let text = '';
  return {
    isTTY,
    columns: 20,
    write(more: string) {
      text += more;
    },
    text: () => text,
  };
}

describe('progress', () => {
  test('is redrawn in place on a terminal, cut to its width, not too often', async () => {
    const clock = createManualClock();
    const out = screen(true);
    const progress = createProgress(out, clock);
    progress.show(() => ['one', 'x'.repeat(50)]);
    progress.show(() => ['too soon']);
    expect(out.text()).toBe(`one\n${'x'.repeat(19)}\n`);
    await clock.advance(100);
    progress.show(() => ['two']);
    expect(out.text().endsWith('\u001b[2A\r\u001b[Jtwo\n')).toBe(true);
    progress.say('a line that stays');
    expect(out.text().endsWith('\u001b[1A\r\u001b[Ja line that stays\ntwo\n')).toBe(true);
    progress.show(() => ['last']);
    progress.end();
    expect(out.text()).toMatch(/last\n$/);
    progress.show(() => ['below']);
    await clock.advance(100);
    progress.show(() => ['below']);
    expect(out.text()).toMatch(/last\nbelow\n$/);
  });

  test('is a plain line now and then elsewhere', async () => {
    const clock = createManualClock();
    const out = screen(false);
    const progress = createProgress(out, clock);
    progress.show(() => ['first', 'detail']);
    for (let s = 0; s < 12; s++) {
      await clock.advance(1000);
      progress.show(() => [`after ${s + 1} s`, 'detail']);
    }
    progress.end();
    progress.end();
    expect(out.text()).toBe('first\nafter 5 s\nafter 10 s\nafter 12 s\n');
  });
});

test('numbers and times are written for people', () => {
  expect([0, 999, 1000, 1234567].map(grouped)).toEqual(['0', '999', '1,000', '1,234,567']);
  expect([0.123, 1.234, 12.34, 123.4, 1234, 12_345, Number.NaN].map(shortMs)).toEqual([
    '0.12 ms',
    '1.23 ms',
    '12.3 ms',
    '123 ms',
    '1.23 s',
    '12.3 s',
    '–',
  ]);
});

test('columns are as wide as their widest cell, by characters', () => {
  expect(
    alignColumns(
      [
        ['é', '1'],
        ['long', '22'],
      ],
      { indent: ' ' },
    ),
  ).toEqual([' é      1', ' long  22']);
});
