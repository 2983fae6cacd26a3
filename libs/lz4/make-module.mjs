// Makes src/block-module.ts of src/block.wat: npm run wasm.
import { readFileSync, writeFileSync } from 'node:fs';
import wabt from 'wabt';

const source = readFileSync(new URL('src/block.wat', import.meta.url), 'utf8');
const tools = await wabt();
const { buffer } = tools
  .parseWat('block.wat', source, { bulk_memory: true, simd: true })
  .toBinary({});
const lines = Buffer.from(buffer)
  .toString('base64')
  .match(/.{1,96}/g);
writeFileSync(
  new URL('src/block-module.ts', import.meta.url),
  `/** block.wat as a WebAssembly module, in base64. Made by npm run wasm. */
export const BLOCK_MODULE =
${lines.map((line) => `  '${line}'`).join(' +\n')};
`,
);
