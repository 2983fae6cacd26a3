import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClickHouse } from '@spanloom/clickhouse';
import { repositoryRoot } from '@spanloom/infra';
import { EXPLAIN_LIMITS, explain, type RunStatement } from '@spanloom/outlier';
import { createLogger } from '@spanloom/runtime';
import { ask } from '../src/questions/ask';
import { type LoadedData, loadData } from '../src/questions/data';
import { type Question, questionsOf } from '../src/questions/page';
import { PAGES } from '../src/questions/pages';
import { recordingPath } from '../src/recorded/span-log';
import { faultsNamed } from './faults';

const url = process.env.CLICKHOUSE_URL as string;
const prefix = `questions_${randomBytes(4).toString('hex')}_`;
let loaded: readonly LoadedData[] = [];

const asked = PAGES.flatMap((page) =>
  questionsOf(readFileSync(join(repositoryRoot(), 'docs', page), 'utf8')).map(
    (question) => [`${page}:${question.line}`, question] as const,
  ),
);

beforeAll(async () => {
  loaded = await loadData(url, prefix);
}, 180_000);

afterAll(async () => {
  const logger = createLogger({ service: 'questions-test', level: 'silent' });
  const login = { clickhouse_user: 'default', clickhouse_password: '' };
  const target = { clickhouse_url: url, clickhouse_database: 'default', ...login };
  const clickhouse = createClickHouse(target, { logger });
  for (const { clickhouse_database } of loaded) {
    await clickhouse.command(`DROP DATABASE ${clickhouse_database}`);
  }
  await clickhouse.close();
}, 60_000);

/** Names of columns and number of rows: what stays the same when sizes differ. */
function shapeOf(answer: string): readonly (string | undefined)[] {
  const lines = answer.split('\n');
  return [lines[0]?.replace(/ +/g, ' '), lines.at(-1)];
}

/** Asks the data that the page names or, where that recording is not here, at least whether the query runs. */
async function compare(question: Question): Promise<void> {
  const data = loaded.find(({ name }) => name === question.data);
  if (data === undefined) {
    console.log(`line ${question.line}: run, not compared: no ${question.data} recording here`);
    await ask(question, loaded.find(({ name }) => name === 'shop') as LoadedData);
    return;
  }
  const answer = await ask(question, data);
  if (question.varies) expect(shapeOf(answer)).toEqual(shapeOf(question.answer ?? ''));
  else expect(answer).toBe(question.answer);
}

test('the page asks 25 questions and more', () => {
  expect(asked.filter(([, { language }]) => language === 'sql').length).toBeGreaterThanOrEqual(25);
});

test('explaining within tight limits says what was left out, and still finds the slow instance', async () => {
  const shop = loaded.find(({ name }) => name === 'shop') as LoadedData;
  const logger = createLogger({ service: 'questions-test', level: 'silent' });
  const login = { clickhouse_user: 'default', clickhouse_password: '' };
  const clickhouse = createClickHouse({ ...shop, ...login }, { logger });
  const run: RunStatement = ({ sql, params }) => clickhouse.query(sql, params);
  const comparison = { service: 'catalog', slowerThanNano: 60_000_000n };
  const limits = { sample_spans_max: 1_000, below_traces_max: 50, below_spans_max: 1_500 };
  const cut = await explain(comparison, run, { ...EXPLAIN_LIMITS, ...limits, keys_max: 14 });
  const all = await explain(comparison, run);
  await clickhouse.close();
  expect(all).toMatchObject({ slow: { sampled: 1 }, keys_cut: false, below_cut: false });
  expect(cut).toMatchObject({ keys_cut: true, below_cut: true });
  for (const group of ['slow', 'rest'] as const) {
    expect(cut[group].spans).toBe(all[group].spans);
    expect(cut[group].sampled).toBeCloseTo(1_000 / all[group].spans, 3);
    expect(cut[group].traces).toBeLessThan(all[group].traces);
    expect(cut[group].below_traces).toBeLessThan(50);
  }
  const pod = all.attributes.find(({ key }) => key === 'k8s.pod.name');
  expect(pod?.value).toMatch(/^catalog-.*-1x7q$/);
  expect(cut.attributes[0]?.value).toMatch(/^(node-4|catalog-1|catalog-.*-1x7q)$/);
  expect(all.ids).toEqual(expect.arrayContaining(['span user.id']));
});

test.each([
  ['boutique', 7, 6],
  ['trainticket', 17, 12],
] as const)(
  'explaining %s at its front names the faulty service for most of %d faults',
  async (name, faults, least) => {
    const data = loaded.find((one) => one.name === name);
    const path = recordingPath(name);
    if (data === undefined || path === null) {
      console.log(`not checked: no ${name} recording here (set SPANLOOM_RECORDINGS)`);
      return;
    }
    const logger = createLogger({ service: 'questions-test', level: 'silent' });
    const login = { clickhouse_user: 'default', clickhouse_password: '' };
    const clickhouse = createClickHouse({ ...data, ...login }, { logger });
    const faultsPath = path.replace('.otlp.jsonl.gz', '.faults.json');
    const found = await faultsNamed(name, faultsPath, clickhouse);
    await clickhouse.close();
    console.log(`${name}: ${JSON.stringify(found)}`);
    expect(found.faults).toBe(faults);
    expect(found.named).toBeGreaterThanOrEqual(least);
  },
  120_000,
);

test.each(asked)(
  '%s is answered as the page says',
  async (_place, question) => {
    await compare(question);
  },
  60_000,
);
