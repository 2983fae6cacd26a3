import { analyzeTrace, peerOf } from '../src';
import { BASE, CLIENT, CONSUMER, ERROR, PRODUCER, SERVER, span } from './spans';

/** Worked by hand: times in ns after BASE, drawn to scale in the comments where that helps. */
describe('analysis of traces worked by hand', () => {
  it('sums up a shop request', () => {
    // web    |--------------------| 0-100
    // web C   |-------|             5-45   → cart S 10-40 → redis C 15-25
    // web C             |-------|   50-95  → pay S 55-90, which failed in its bank C 60-80
    const found = analyzeTrace([
      span({ id: 1, kind: SERVER, service: 'web', name: 'GET /buy', duration: 100 }),
      span({
        id: 2,
        parent: 1,
        kind: CLIENT,
        service: 'web',
        name: 'cart',
        start: 5,
        duration: 40,
      }),
      span({
        id: 3,
        parent: 2,
        kind: SERVER,
        service: 'cart',
        start: 10,
        duration: 30,
        name: 'get',
      }),
      span({
        id: 4,
        parent: 3,
        kind: CLIENT,
        service: 'cart',
        start: 15,
        duration: 10,
        name: 'GET',
        attributes: { 'db.system': 'redis' },
      }),
      span({
        id: 5,
        parent: 1,
        kind: CLIENT,
        service: 'web',
        name: 'pay',
        start: 50,
        duration: 45,
        status: ERROR,
      }),
      span({
        id: 6,
        parent: 5,
        kind: SERVER,
        service: 'pay',
        start: 55,
        duration: 35,
        name: 'pay',
        status: ERROR,
      }),
      span({
        id: 7,
        parent: 6,
        kind: CLIENT,
        service: 'pay',
        start: 60,
        duration: 20,
        name: 'charge',
        status: ERROR,
        attributes: { 'peer.service': 'bank' },
      }),
    ]);
    expect(found).toMatchObject({
      root: 0,
      startUnixNano: BASE,
      durationNano: 100,
      spanCount: 7,
      errorCount: 3,
      depth: 4,
      rootCount: 1,
      orphanCount: 0,
      isComplete: true,
      completeness: 1,
      errorOrigin: 6,
      errorOriginCount: 1,
      skewedEdges: [],
      services: [
        { service: 'web', spans: 3, errors: 1 },
        { service: 'cart', spans: 2, errors: 0 },
        { service: 'pay', spans: 2, errors: 2 },
      ],
    });
    const path = found.criticalPath.map((s) => [
      s.span + 1,
      Number(s.startUnixNano - BASE),
      s.durationNano,
    ]);
    expect(path).toEqual([
      [1, 0, 5],
      [2, 5, 5],
      [3, 10, 5],
      [4, 15, 10],
      [3, 25, 15],
      [2, 40, 5],
      [1, 45, 5],
      [5, 50, 5],
      [6, 55, 5],
      [7, 60, 20],
      [6, 80, 10],
      [5, 90, 5],
      [1, 95, 5],
    ]);
    expect(found.exclusive).toEqual([
      { service: 'cart', operation: 'get', exclusiveNano: 20 },
      { service: 'pay', operation: 'charge', exclusiveNano: 20 },
      { service: 'pay', operation: 'pay', exclusiveNano: 15 },
      { service: 'web', operation: 'GET /buy', exclusiveNano: 15 },
      { service: 'cart', operation: 'GET', exclusiveNano: 10 },
      { service: 'web', operation: 'cart', exclusiveNano: 10 },
      { service: 'web', operation: 'pay', exclusiveNano: 10 },
    ]);
    expect(found.calls).toMatchObject([
      { caller: 1, callee: 2, client: 'web', server: 'cart', type: '', failed: false },
      { caller: 4, callee: 5, client: 'web', server: 'pay', type: '', failed: true },
      { caller: 3, callee: null, client: 'cart', server: 'redis', type: 'database', failed: false },
      {
        caller: 6,
        callee: null,
        client: 'pay',
        server: 'bank',
        type: 'virtual_node',
        failed: true,
      },
    ]);
  });

  it('leaves parallel children off the path when another one ended later', () => {
    const { exclusive } = analyzeTrace([
      span({ id: 1, duration: 100, name: 'root' }),
      span({ id: 2, parent: 1, start: 10, duration: 50, name: 'early' }),
      span({ id: 3, parent: 1, start: 20, duration: 70, name: 'late' }),
    ]);
    expect(exclusive).toEqual([
      { service: 'a', operation: 'late', exclusiveNano: 70 },
      { service: 'a', operation: 'root', exclusiveNano: 30 },
    ]);
  });

  it('clips what outlives its parent, and leaves out what begins after it', () => {
    const { criticalPath } = analyzeTrace([
      span({ id: 1, duration: 100 }),
      span({ id: 2, parent: 1, start: 80, duration: 500 }),
      span({ id: 3, parent: 1, start: 100, duration: 50 }),
      span({ id: 4, parent: 1, start: 40, duration: 0 }),
    ]);
    expect(criticalPath.map((s) => [s.span, s.durationNano])).toEqual([
      [0, 80],
      [1, 20],
    ]);
  });

  it('moves a server with a wrong clock, and what is below it, into its client', () => {
    // The server's clock is 1,000 fast; it took 40 of the client's 60, so 10 each way.
    const found = analyzeTrace([
      span({ id: 1, kind: CLIENT, service: 'a', start: 100, duration: 60 }),
      span({ id: 2, parent: 1, kind: SERVER, service: 'b', start: 1110, duration: 40 }),
      span({ id: 3, parent: 2, service: 'b', start: 1120, duration: 5 }),
      span({ id: 4, parent: 2, kind: CLIENT, service: 'b', start: 1130, duration: 10 }),
      span({ id: 5, parent: 4, kind: SERVER, service: 'c', start: 132, duration: 6 }),
    ]);
    expect(found.skewedEdges).toEqual([{ caller: 0, callee: 1, skewNano: 1000 }]);
    const corrected = found.spans.map((s) => Number(s.correctedStartUnixNano - BASE));
    expect(corrected).toEqual([100, 110, 120, 130, 132]);
    expect(found.durationNano).toBe(1050);
    expect(found.spans.map((s) => s.exclusiveNano)).toEqual([20, 25, 5, 4, 6]);
  });

  it('only moves a consumer that began before its message was sent', () => {
    const found = analyzeTrace([
      span({ id: 1, kind: PRODUCER, service: 'a', start: 50, duration: 5 }),
      span({ id: 2, parent: 1, kind: CONSUMER, service: 'b', start: 20, duration: 40 }),
      span({ id: 3, parent: 1, kind: CONSUMER, service: 'c', start: 900, duration: 40 }),
    ]);
    expect(found.skewedEdges).toEqual([{ caller: 0, callee: 1, skewNano: -30 }]);
    expect(found.calls).toMatchObject([
      { caller: 0, callee: 1, client: 'a', server: 'b', type: 'messaging_system', failed: false },
      { caller: 0, callee: 2, client: 'a', server: 'c', type: 'messaging_system', failed: false },
    ]);
  });

  it('puts client and server with the same id together, as Zipkin has them', () => {
    const found = analyzeTrace([
      span({ id: 1, kind: SERVER, service: 'web', duration: 100 }),
      span({ id: 2, parent: 1, kind: SERVER, service: 'cart', start: 20, duration: 50 }),
      span({ id: 2, parent: 1, kind: CLIENT, service: 'web', start: 10, duration: 70 }),
      span({ id: 3, parent: 2, service: 'cart', start: 30, duration: 5 }),
    ]);
    expect(found.spans.map((s) => s.parent)).toEqual([null, 2, 0, 1]);
    expect(found.calls).toMatchObject([{ client: 'web', server: 'cart' }]);
    expect(found).toMatchObject({ depth: 4, isComplete: true });
  });

  it('counts orphans and the parents they lack', () => {
    const found = analyzeTrace([
      span({ id: 1, start: 5 }),
      span({ id: 2, parent: 1, start: 6 }),
      span({ id: 3, parent: 90, kind: SERVER, service: 'b' }),
      span({ id: 4, parent: 90, start: 9 }),
      span({ id: 5, parent: 91, start: 9 }),
      span({ id: 6, parent: 6, start: 9 }),
    ]);
    expect(found).toMatchObject({
      root: 0,
      rootCount: 1,
      orphanCount: 4,
      missingParentCount: 2,
      cutCount: 1,
      isComplete: false,
      completeness: 2 / 8,
      calls: [{ caller: null, callee: 2, client: '', server: 'b', type: 'unpaired' }],
    });
  });

  it('makes nodes of queues on both sides', () => {
    const kafka = { 'messaging.system': 'kafka' };
    const { calls } = analyzeTrace([
      span({ id: 1, kind: CONSUMER, service: 'a', attributes: kafka }),
      span({ id: 2, parent: 1, kind: PRODUCER, service: 'a', attributes: kafka }),
      span({ id: 3, parent: 2, kind: CLIENT, service: 'a' }),
    ]);
    expect(calls).toMatchObject([
      { client: 'kafka', server: 'a', type: 'messaging_system' },
      { client: 'a', server: '', type: 'unpaired' },
    ]);
  });

  it('is empty without spans', () => {
    expect(analyzeTrace([])).toMatchObject({
      root: null,
      durationNano: 0,
      spanCount: 0,
      depth: 0,
      isComplete: false,
      completeness: 0,
      criticalPath: [],
      calls: [],
    });
  });
});

describe('panes of calls', () => {
  it.each([
    [59_999_999_999n, 0],
    [60_000_000_000n, 60],
    [1_700_000_039_999_999_999n, 1_699_999_980],
    [1_700_000_040_000_000_000n, 1_700_000_040],
    [9_223_372_036_854_775_000n, 4_294_967_280],
  ])('a call that ended at %d is in the pane of %d', (end, paneS) => {
    const call = { ...span({ id: 2, kind: CLIENT }), startUnixNano: end - 10n };
    for (const startUnixNano of [end - 10n, end - 7_000_000_000n]) {
      const first = { ...span({ id: 1 }), startUnixNano };
      expect(analyzeTrace([first, call]).calls).toMatchObject([{ paneS }]);
    }
  });
});

describe('peers', () => {
  it.each([
    [{ 'db.system': 'mysql' }, { name: 'mysql', type: 'database' }],
    [
      { 'db.system': 'other_sql', 'db.system.name': 'postgresql' },
      { name: 'postgresql', type: 'database' },
    ],
    [
      { 'db.system': 'mysql', 'peer.service': 'orders-db' },
      { name: 'orders-db', type: 'database' },
    ],
    [{ 'messaging.system': 'kafka' }, { name: 'kafka', type: 'messaging_system' }],
    [{ 'peer.service': 'bank' }, { name: 'bank', type: 'virtual_node' }],
    [
      { 'peer.service': 'x', 'service.peer.name': 'bank' },
      { name: 'bank', type: 'virtual_node' },
    ],
    [{ 'peer.service': '' }, null],
    [{}, null],
  ])('%j is %j', (attributes: Readonly<Record<string, string>>, peer) => {
    expect(peerOf((name) => attributes[name])).toEqual(peer);
  });
});
