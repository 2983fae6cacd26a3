import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@spanloom/infra';
import { referencePages } from './pages';

/** Writes the reference pages: what `npm run docs` does. */
async function main(): Promise<void> {
  for (const [name, content] of await referencePages()) {
    const path = join(repositoryRoot(), 'docs', name);
    writeFileSync(path, content);
    console.log(`wrote ${path}`);
  }
}

void main();
