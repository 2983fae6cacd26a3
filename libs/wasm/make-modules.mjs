// Compiles the modules in AssemblyScript to TypeScript that holds them: npm run wasm. With --check nothing is written:
// says which are not what their source gives, and exits with 1.
import { readFileSync, writeFileSync } from 'node:fs';
import asc from 'assemblyscript/asc';

/** Each module's package, its source there, and the name of what holds it. */
const MODULES = [
  { dir: 'libs/lz4', source: 'block' },
  { dir: 'libs/avro', source: 'span-scan' },
  { dir: 'libs/rowbinary', source: 'stage' },
  { dir: 'libs/rowbinary', source: 'edges' },
];

// No runtime and no checks of its own: the modules allocate nothing.
const OPTIONS = [
  '--runtime',
  'stub',
  '--noAssert',
  '-O3',
  '--enable',
  'simd',
  '--memoryBase',
  '512',
];

const root = new URL('../../', import.meta.url);
const isCheck = process.argv.includes('--check');

for (const { dir, source } of MODULES) {
  const target = new URL(`${dir}/src/${source}-module.ts`, root);
  const made = holder(source, await compile(dir, source));
  if (!isCheck) {
    writeFileSync(target, made);
  } else if (made !== readFileSync(target, 'utf8')) {
    process.stderr.write(
      `${dir}/src/${source}-module.ts is not what ${dir}/wasm gives: npm run wasm\n`,
    );
    process.exitCode = 1;
  }
}

async function compile(dir, source) {
  const { binary, error, stderr } = await compileWith([`wasm/${source}.ts`, ...OPTIONS], dir);
  if (error !== null || binary === null) throw new Error(`${dir}/wasm/${source}.ts: ${stderr}`);
  return binary;
}

async function compileWith(args, dir) {
  let binary = null;
  const { error, stderr } = await asc.main(
    [...args, '--baseDir', new URL(dir, root).pathname, '--outFile', 'module.wasm'],
    {
      writeFile: (_name, bytes) => {
        binary = bytes;
      },
    },
  );
  return { binary, error, stderr: stderr.toString() };
}

function holder(source, binary) {
  const name = `${source.replaceAll('-', '_').toUpperCase()}_MODULE`;
  const lines = Buffer.from(binary)
    .toString('base64')
    .match(/.{1,96}/g);
  return `/** wasm/${source}.ts as a WebAssembly module, in base64. Made by npm run wasm. */
export const ${name} =
${lines.map((line) => `  '${line}'`).join(' +\n')};
`;
}
