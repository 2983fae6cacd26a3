import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { repositoryRoot } from '@spanloom/infra';
import { MUTATIONS, type Mutation } from './mutations';

const HELP = `Takes each guard of exactly-once out of the code, one at a time, and runs the tests that must notice.

  npm run mutations [-- --only WORD] [--json]

Changes files of the work tree for as long as a test runs, and puts them back.
Exit code 0 only when every mutation made a test fail.
`;

const TEST_MS = 400_000;
const BUILD_MS = 120_000;

/** What became of a mutation; `stale` when the code that it changes is no longer there. */
type Fate = 'noticed' | 'survived' | 'stale' | 'not-built';

function run(command: string, args: readonly string[], timeout: number): number {
  const options = { cwd: repositoryRoot(), timeout, stdio: 'ignore' as const };
  return spawnSync(command, [...args], options).status ?? 1;
}

const build = (): number => run('npx', ['tsc', '-b'], BUILD_MS);

function tryOut(mutation: Mutation): Fate {
  const path = join(repositoryRoot(), mutation.file);
  const code = readFileSync(path, 'utf8');
  if (code.split(mutation.find).length !== 2) return 'stale';
  writeFileSync(
    path,
    code.replace(mutation.find, () => mutation.replace),
  );
  try {
    if (build() !== 0) return 'not-built';
    const jest = ['jest', '--silent', '--forceExit', '--testPathPatterns', mutation.tests];
    return run('npx', jest, TEST_MS) === 0 ? 'survived' : 'noticed';
  } finally {
    writeFileSync(path, code);
  }
}

function main(): void {
  const { values } = parseArgs({
    options: { only: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean' } },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const chosen = MUTATIONS.filter(({ name }) => name.includes(values.only ?? ''));
  const fates: { readonly name: string; readonly fate: Fate }[] = [];
  for (const mutation of chosen) {
    const fate = tryOut(mutation);
    fates.push({ name: mutation.name, fate });
    if (!values.json) process.stdout.write(`${fate.padEnd(10)} ${mutation.name}\n`);
  }
  build();
  if (values.json) process.stdout.write(`${JSON.stringify(fates)}\n`);
  process.exitCode = fates.length > 0 && fates.every(({ fate }) => fate === 'noticed') ? 0 : 1;
}

main();
