import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { referencePages } from '../src/docs/pages';

const DOCS = join(__dirname, '..', '..', 'docs');

test.each(['settings.md', 'metrics.md'])('docs/%s is what `npm run docs` writes', async (name) => {
  const pages = await referencePages();
  expect(readFileSync(join(DOCS, name), 'utf8')).toBe(pages.get(name));
});
