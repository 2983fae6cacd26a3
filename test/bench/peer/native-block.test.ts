import { nativeBlock, rowsOfBlock } from './native-block';

const values = Array.from({ length: 300 }, (_, i) => `v${i}`);
const block = nativeBlock([
  { name: 'a', type: 'String', values },
  { name: 'b', type: 'UInt32', values: values.map((_, i) => i) },
]);
const BLOCK_INFO_BYTES = 8;

test('rows are counted with block info and without', () => {
  expect(rowsOfBlock(block)).toBe(300);
  expect(rowsOfBlock(block.subarray(BLOCK_INFO_BYTES))).toBe(300);
});
