import { decodeFigureBatch } from '@spanloom/avro';
import { createLogger, createManualClock } from '@spanloom/runtime';
import { createFigureSender, type FigureSender } from '../src';

const open: FigureSender[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((sender) => sender.stop()));
});

function start(answers: readonly ('ok' | 'failed')[] = []) {
  const sent: Buffer[][] = [];
  const faults: string[] = [];
  let lost = 0;
  const sender = createFigureSender({
    async send(messages) {
      if (answers[sent.push([...messages]) - 1] === 'failed') throw new Error('away');
    },
    schemaId: 3,
    interval_ms: 600_000,
    onFault: (name) => faults.push(name),
    onLost: (spans) => {
      lost += spans;
    },
    logger: createLogger({ service: 'test', level: 'silent' }),
    clock: createManualClock(),
  });
  open.push(sender);
  return {
    sender,
    faults,
    lost: () => lost,
    sent: () => sent.map((all) => all.map(decodeFigureBatch)),
  };
}

const observed = {
  figure: 'transfer',
  leg: 'gateway',
  service: 'a',
  at_ms: 1000,
  delay_ms: 5,
  ms_max: 1000,
  count: 4,
} as const;

it('writes what was gathered once, and nothing when nothing was', async () => {
  const { sender, sent } = start();
  sender.counters('a', { startId: 'x', ended: 3, dropped: 0 });
  sender.delay(observed);
  await sender.flush();
  await sender.flush();
  const all = sent().flat();
  expect(all.flatMap(({ counters }) => counters)).toEqual([
    { service: 'a', startId: 'x', ended: 3, dropped: 0 },
  ]);
  expect(all.flatMap(({ delays }) => delays).map(({ count }) => count)).toEqual([4]);
});

it('keeps counters that could not be written, and counts delays as lost', async () => {
  const { sender, sent, lost } = start(['failed', 'ok']);
  sender.counters('a', { startId: 'x', ended: 3, dropped: 0 });
  sender.delay(observed);
  await sender.flush();
  expect([lost(), sender.hasCounters]).toEqual([4, true]);
  sender.counters('a', { startId: 'x', ended: 2, dropped: 1 });
  await sender.flush();
  expect(sent()[1]).toEqual([
    { delays: [], counters: [{ service: 'a', startId: 'x', ended: 3, dropped: 1 }] },
  ]);
});

it('tells of what makes no sense in a report', () => {
  const { sender, faults } = start();
  const report = sender.report('a', { 'spanloom.spans.ended': 'many' });
  expect(report.counters).toBeNull();
  expect(faults).toEqual(['spanloom.spans.ended']);
});

it('writes no message with more panes than a broker takes', async () => {
  const { sender, sent } = start();
  for (let i = 0; i < 60; i++) sender.delay({ ...observed, at_ms: i * 10_000 });
  await sender.flush();
  expect(sent()[0]?.map(({ delays }) => delays.length)).toEqual([25, 25, 10]);
});
