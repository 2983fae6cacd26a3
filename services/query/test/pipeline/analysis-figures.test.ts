import { createLogger, createManualClock } from '@spanloom/runtime';
import { createAnalysisFigures } from '../../src/pipeline/analysis-figures';

function setUp(failures: number) {
  const inserts: { token: unknown; bytes: number }[] = [];
  let lost = 0;
  const figures = createAnalysisFigures(
    { figures_interval_ms: 600_000 },
    {
      clickhouse: {
        async insertRows(_table, _columns, { body }, settings) {
          const bytes = Buffer.concat(body).length;
          inserts.push({ token: settings?.insert_deduplication_token, bytes });
          if (inserts.length <= failures) throw new Error('away');
        },
      },
      metrics: {
        figuresLost: (answers) => {
          lost += answers;
        },
      },
      logger: createLogger({ service: 'test', level: 'silent' }),
      clock: createManualClock(),
    },
  );
  return { figures, inserts, lost: () => lost };
}

test('a block that may have been stored is sent again as it was, under its token; what came meanwhile follows', async () => {
  const { figures, inserts, lost } = setUp(2);
  figures.observe('/api/latency', 'shop', 12);
  await figures.flush();
  figures.observe('/api/red', null, 3);
  figures.observe('/api/traces', null, 3);
  await figures.flush();
  await figures.flush();
  await figures.flush();
  await figures.stop();
  expect(inserts).toHaveLength(4);
  expect(new Set(inserts.slice(0, 3).map(({ token, bytes }) => `${token} ${bytes}`)).size).toBe(1);
  expect(inserts[3]?.token).not.toBe(inserts[0]?.token);
  expect(inserts[3]?.bytes).toBeGreaterThan(inserts[0]?.bytes ?? 0);
  expect(lost()).toBe(0);
});

test('what cannot be written before the end is counted', async () => {
  const { figures, lost } = setUp(100);
  figures.observe('/api/latency', 'shop', 12);
  figures.observe('/api/latency', 'shop', 15);
  await figures.stop();
  expect(lost()).toBe(2);
});

test('nothing is sent when nothing was asked', async () => {
  const { figures, inserts } = setUp(0);
  await figures.stop();
  expect(inserts).toEqual([]);
});
