import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot, startTestEngines } from '@spanloom/infra';
import { ask } from './ask';
import { type LoadedData, loadData } from './data';
import { type Question, questionsOf, withAnswers } from './page';
import { PAGES } from './pages';

/** Writes the answers into the pages that ask questions: what `npm run docs:sql` does. */
async function main(): Promise<void> {
  const engines = await startTestEngines({ engines: ['clickhouse'] });
  try {
    const loaded = await loadData(engines.env.CLICKHOUSE_URL as string, 'questions_');
    for (const name of PAGES) {
      const path = join(repositoryRoot(), 'docs', name);
      const page = readFileSync(path, 'utf8');
      const answers: (string | null)[] = [];
      for (const question of questionsOf(page)) {
        const data = loaded.find((one) => one.name === question.data);
        answers.push(data === undefined ? null : await askAt(name, question, data));
      }
      writeFileSync(path, withAnswers(page, answers));
      const left = answers.filter((answer) => answer === null).length;
      console.log(`wrote ${path}: ${answers.length - left} answers`);
      if (left > 0) console.log(`  ${left} left as they were: their recording is not here`);
    }
  } finally {
    await engines.stop();
  }
}

async function askAt(page: string, question: Question, data: LoadedData): Promise<string> {
  try {
    return await ask(question, data);
  } catch (error) {
    throw new Error(`${page}:${question.line}: ${(error as Error).message}`, { cause: error });
  }
}

void main();
