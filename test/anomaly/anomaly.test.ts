import { until } from '../process/watched-process';
import { type AnomalyBench, createAnomalyBench, killed, trace } from './running-anomaly';

const PANES = 40;
/** Half-way, cart becomes ten times as slow. */
const FAULT_PANE = 20;
const TRACES_PER_PANE = 8;

/** The traces of a pane that go to a partition. */
function paneOf(pane: number, partition: number) {
  return Array.from({ length: TRACES_PER_PANE }, (_, i) => {
    const usual = 20 + ((pane * 7 + i * 3 + partition) % 9);
    return trace(pane * 10 + i, pane < FAULT_PANE ? usual : usual * 10);
  });
}

describe('anomaly worker and sink on real engines', () => {
  let line: AnomalyBench;

  beforeAll(async () => {
    line = await createAnomalyBench();
  }, 60_000);
  afterAll(() => line?.stop(), 60_000);

  async function send(from: number, to: number): Promise<void> {
    for (let pane = from; pane < to; pane++) {
      for (const partition of [0, 1]) await line.send(partition, paneOf(pane, partition));
    }
  }
  const stored = () => line.bench.count('SELECT count() AS n FROM anomalies');

  it('a fault half-way is one event in topic and table, though the worker is killed at every step', async () => {
    const sink = await line.bench.start();
    // Killed when it has learned a part and is about to commit what it wrote.
    const first = line.start({ SPANLOOM_FAULTPOINT: 'anomaly.after-self-times:9:kill' });
    await send(0, FAULT_PANE);
    await until('the first worker is dead', async () => first.signalCode === 'SIGKILL');
    // Killed when the event is on the topic and nothing of it is committed.
    const second = line.start({ SPANLOOM_FAULTPOINT: 'anomaly.after-event:1:kill' });
    await send(FAULT_PANE, PANES);
    await until('the second worker is dead', async () => second.signalCode === 'SIGKILL', 60_000);
    const written = await line.events();
    expect(written.map(({ services }) => services[0])).toEqual(['cart']);
    const third = line.start();
    const admin = await line.bench.kafka.admin();
    await until(
      'everything is judged, and the commit behind it',
      async () => {
        const groups = [
          ['anomaly', 'traces'],
          ['anomaly-detector', 'self-times'],
        ] as const;
        for (const [group, topic] of groups) {
          const lags = await admin.groupLag(
            `${line.bench.prefix}${group}`,
            line.bench.kafka.topic(topic),
          );
          if (lags.some(({ lag, committed }) => lag > 0 || committed === null)) return false;
        }
        return true;
      },
      60_000,
    );
    await until('the event is stored', async () => (await stored()) > 0);
    expect(await line.events()).toEqual(written);
    expect(await stored()).toBe(1);
    const [event] = written;
    expect(event?.findings[0]).toMatchObject({
      what: 'self-time',
      name: { service: 'cart', operation: 'GET /cart' },
    });
    const rows = await line.bench.clickhouse.query<{
      Id: string;
      ServiceName: string;
      TraceIds: string[];
    }>(
      "SELECT Id, ServiceName, TraceIds FROM anomaly_findings WHERE What = 'self-time' AND SpanName = 'GET /cart'",
    );
    expect(rows).toEqual([
      { Id: event?.id, ServiceName: 'cart', TraceIds: event?.findings[0]?.exemplars },
    ]);
    await killed(third);
    await sink.stop();
  }, 200_000);
});
