import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import wabt from 'wabt';
import { BLOCK_MODULE } from '../src/block-module';

test('the module is that of block.wat', async () => {
  const source = readFileSync(join(__dirname, '../src/block.wat'), 'utf8');
  const parsed = (await wabt()).parseWat('block.wat', source, { bulk_memory: true, simd: true });
  expect(BLOCK_MODULE).toBe(Buffer.from(parsed.toBinary({}).buffer).toString('base64'));
});
