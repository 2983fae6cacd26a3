import fc from 'fast-check';
import { createWindowState, readHead, step } from '../src';
import { BASE_S, RULES, recordsOf } from './hostile-log';

const state = createWindowState({ mirrored: true });
for (const record of recordsOf([{ timeS: BASE_S, trace: 1, span: 0, root: false }], () => true)) {
  step(state, record, RULES);
}
const contents = state.journal?.take(state, RULES).contents;
const written = JSON.stringify(contents);

test('a head is read as it was written', () => {
  expect(readHead(['7', '3', String(BASE_S), written])).toEqual({
    applied: 7,
    seq: 3,
    clockS: BASE_S,
    contents,
  });
  expect(readHead([null, null, null, null])).toBeNull();
});

test.each([
  ['no contents', ['7', '3', '1', null]],
  ['no clock', ['7', '3', null, written]],
  ['an offset that is none', ['x', '3', '1', written]],
  ['a negative number', ['7', '-3', '1', written]],
  ['contents that are no JSON', ['7', '3', '1', '{']],
  ['another version', ['7', '3', '1', written.replace('"v":2', '"v":3')]],
  [
    'a table longer than its segment',
    ['7', '3', '1', written.replace('"bytes":', '"bytes":1,"x":')],
  ],
  ['a list that is none', ['7', '3', '1', written.replace('"closed":[]', '"closed":{"length":0}')]],
])('a head with %s is unreadable', (_, fields) => {
  expect(readHead(fields)).toBe('unreadable');
});

test('a head of any fields is read, absent or unreadable', () => {
  const field = fc.option(fc.oneof(fc.string(), fc.json(), fc.constant(written), fc.constant('1')));
  fc.assert(
    fc.property(fc.array(field, { maxLength: 5 }), (fields) => {
      const head = readHead(fields);
      if (head === null) expect(fields[0] ?? null).toBeNull();
      else if (head !== 'unreadable') expect(head.contents).toEqual(contents);
    }),
  );
});
