import type { Span } from '@spanloom/model';
import { analyzeTrace } from '@spanloom/trace';
import {
  fragmentEntry,
  ledgerEntry,
  spanBytes,
  spanOf,
  tracesMessage,
} from '../../services/sink/test/traces';
import { createSinkBench, type Fault, type SinkBench, until } from './running-sink';

const SERVER = 2;
const CLIENT = 3;
const TRACE = 77;
const hex = (id: number): string => id.toString(16).padStart(16, '0');

let bench: SinkBench;
beforeEach(async () => {
  bench = await createSinkBench(2);
}, 120_000);
afterEach(() => bench.close(), 30_000);

function call(id: number, parent: number, kind: number, service: string, more = {}): Span {
  const parentSpanId = parent === 0 ? '' : hex(parent);
  const change = { spanId: hex(id), parentSpanId, kind: kind as Span['kind'], service };
  return spanOf(TRACE, 1, { ...change, durationNano: BigInt(1_000 * (100 - id)), ...more });
}

/** web calls cart, which calls a database and pay, which fails. */
const WEB = [
  call(1, 0, SERVER, 'web'),
  call(2, 1, CLIENT, 'web', { attributes: { 'peer.service': 'cart-by-name' } }),
];
const CART = [
  call(3, 2, SERVER, 'cart'),
  call(4, 3, CLIENT, 'cart', { attributes: { 'db.system': 'redis' } }),
  call(5, 3, CLIENT, 'cart', { statusCode: 2 }),
];
const PAY = [call(6, 5, SERVER, 'pay', { statusCode: 2 })];

type Change = Parameters<typeof fragmentEntry>[2];

const fragment = (spans: readonly Span[], change: Change = {}): Buffer =>
  fragmentEntry(
    TRACE,
    [{ schemaId: bench.schemaId, spanCount: spans.length, bytes: spanBytes(spans) }],
    change,
  );

/** The graph as SQL gives it: each edge with its calls, its failures, and how many durations each side has. */
async function graph(): Promise<readonly string[]> {
  const rows = await bench.clickhouse.query<{ edge: string }>(
    `SELECT concat(Client, '>', Server, ' ', ConnectionType, ' ', toString(sum(Calls)), ' ', toString(sum(Failed)),
       ' ', toString(arraySum(mapValues(sumMap(ClientBuckets)))), ' ', toString(arraySum(mapValues(sumMap(ServerBuckets)))),
       ' ', toString(toInt64(sum(ClientNano))), ' ', toString(toInt64(sum(ServerNano)))) AS edge
     FROM service_edge_panes GROUP BY Client, Server, ConnectionType HAVING sum(Calls) != 0 ORDER BY edge`,
  );
  return rows.map(({ edge }) => edge);
}

/** The same from the spans, all in one fragment. */
function graphOf(spans: readonly Span[]): readonly string[] {
  const sums = new Map<string, number[]>();
  for (const { caller, callee, client, server, type, failed } of analyzeTrace(spans).calls) {
    const key = `${client}>${server} ${type}`;
    const nano = (i: number | null): number => (i === null ? 0 : Number(spans[i]?.durationNano));
    const sides = [caller === null ? 0 : 1, callee === null ? 0 : 1, nano(caller), nano(callee)];
    const sum = sums.get(key) ?? [0, 0, 0, 0, 0, 0];
    sums.set(
      key,
      sum.map((n, i) => n + ([1, failed ? 1 : 0, ...sides][i] as number)),
    );
  }
  return [...sums].map(([key, sum]) => [key, ...sum].join(' ')).sort();
}

interface Shown {
  readonly Fragments: number;
  readonly Pending: number;
  readonly Depth: number;
  readonly OrphanCount: number;
  readonly Complete: number;
  readonly ErrorOriginService: string;
  readonly PathNano: readonly number[];
}

async function shown(): Promise<Shown | undefined> {
  const [row] = await bench.clickhouse.query<Shown>('SELECT * FROM trace_analysis');
  return row;
}

const amended = (fragments: number) => async (): Promise<boolean> => {
  const row = await shown();
  return row?.Fragments === fragments && row.Pending === 0;
};

describe('traces of several fragments', () => {
  it('are amended by what comes late, and their calls are counted once', async () => {
    const sink = await bench.start();
    await bench.send('traces', 0, tracesMessage(0, 1, [fragment(WEB)]));
    await until(amended(1));
    // Calls are inserted after the fragments that they are of.
    await until(async () => (await graph()).length > 0);
    expect(await graph()).toEqual(graphOf(WEB));
    expect(await graph()).toEqual([expect.stringMatching(/^web>cart-by-name virtual_node 1 /)]);

    const late = { late: true, closedAtS: 1_700_000_100 };
    await bench.send('traces', 0, tracesMessage(0, 2, [fragment(CART, late)]));
    await until(amended(2));
    expect(await graph()).toEqual(graphOf([...WEB, ...CART]));

    await bench.send('traces', 0, tracesMessage(0, 3, [fragment(PAY, late), ledgerEntry()]));
    await until(amended(3));
    const all = [...WEB, ...CART, ...PAY];
    expect(await graph()).toEqual(graphOf(all));
    expect(await graph()).toHaveLength(3);
    const whole = analyzeTrace(all);
    expect(await shown()).toMatchObject({
      Depth: whole.depth,
      OrphanCount: 0,
      Complete: 1,
      ErrorOriginService: 'pay',
    });
    const path = (await shown())?.PathNano.reduce((a, b) => a + b, 0);
    expect(path).toBe(Number(WEB[0]?.durationNano));
    expect(sink.fatal).toEqual([]);

    // Another sink, which knows of nothing, finds nothing left to do; done again it is the same.
    await sink.stop();
    await bench.clickhouse.command('OPTIMIZE TABLE trace_amendments FINAL');
    await bench.start();
    await bench.send('traces', 0, tracesMessage(0, 5, [fragment([], late)]));
    await until(amended(4));
    expect(await graph()).toEqual(graphOf(all));
  }, 120_000);

  it('are amended whichever sink dies between storing and amending', async () => {
    const faults: Fault[] = ['error-after', 'crash-after', 'error-before', 'crash-before'];
    let effects = 0;
    // Every side effect but each third, in turn: inserts of blocks, of amendments, and commits.
    await bench.start(() => {
      effects++;
      return effects > 18 || effects % 3 === 0 ? 'none' : (faults[effects % 4] as Fault);
    });
    const late = { late: true, closedAtS: 1_700_000_100 };
    await bench.send('traces', 0, tracesMessage(0, 1, [fragment(PAY)]));
    await until(async () => effects > 4);
    await bench.send('traces', 0, tracesMessage(0, 2, [fragment(CART, late)]));
    await until(async () => effects > 8);
    await bench.send('traces', 0, tracesMessage(0, 3, [fragment(WEB, late)]));
    await until(amended(3), 90_000);
    expect(await graph()).toEqual(graphOf([...WEB, ...CART, ...PAY]));
    await until(async () => effects > 18);
    expect(await graph()).toEqual(graphOf([...WEB, ...CART, ...PAY]));
  }, 120_000);

  it('that were cut are looked at again until the log has gone on', async () => {
    await bench.start();
    const cut = { reason: 3, closedAtS: 1_700_000_000 };
    await bench.send('traces', 1, tracesMessage(1, 1, [fragment(WEB, cut)]));
    await until(async () => (await bench.count('SELECT count() FROM trace_reopened')) === 1);
    // The next part does not say that it belongs to an earlier one.
    await bench.send('traces', 1, tracesMessage(1, 2, [fragment([...CART, ...PAY])]));
    await until(amended(2));
    expect(await graph()).toEqual(graphOf([...WEB, ...CART, ...PAY]));
    expect(await bench.count('SELECT count() FROM trace_amendments FINAL WHERE Final')).toBe(1);
  }, 120_000);
});
