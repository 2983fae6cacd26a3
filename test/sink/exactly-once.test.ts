import { encodeDeadLetter, encodeFigureBatch, reference, wireHeader } from '@spanloom/avro';
import { checkpointMetadata, sinkGroup } from '@spanloom/sink';
import {
  fragmentEntry,
  ledgerEntry,
  spanBytes,
  spanOf,
  tracesMessage,
} from '../../services/sink/test/traces';
import { createSinkBench, type Fault, type FaultPlan, type SinkBench, until } from './running-sink';

const FRAGMENTS = 120;
/** Most of them between the deed and the knowledge of it. */
const FAULTS: readonly Fault[] = [
  'crash-after',
  'crash-after',
  'error-after',
  'crash-before',
  'error-before',
];

let bench: SinkBench;
beforeEach(async () => {
  bench = await createSinkBench(2);
}, 120_000);
afterEach(() => bench.close(), 30_000);

/** A small generator of numbers in [0, 1), so that a seed repeats a schedule (mulberry32, T. Ettinger). */
function seeded(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Trace numbers of a partition do not meet those of the other. */
const traceOf = (partition: number, seq: number): number => partition * 1000 + seq;
const spansIn = (seq: number): number => (seq % 4) + 1;

function entryOf(partition: number, seq: number): Buffer {
  if (seq % 5 === 0) return ledgerEntry({ fromOffset: seq, toOffset: seq + 5, received: 0 });
  const trace = traceOf(partition, seq);
  const spans = Array.from({ length: spansIn(seq) }, (_, i) => spanOf(trace, i + 1));
  return fragmentEntry(trace, [
    { schemaId: bench.schemaId, spanCount: spans.length, bytes: spanBytes(spans) },
  ]);
}

function messageOf(partition: number, from: number, to: number): Buffer {
  const seqs = Array.from({ length: to - from }, (_, i) => from + i);
  return tracesMessage(
    partition,
    from,
    seqs.map((seq) => entryOf(partition, seq)),
  );
}

function paneMessage(partition: number, seq: number): Buffer {
  const pane = {
    start_s: 1_700_000_000n,
    service: 's',
    operation: 'o',
    kind: 2,
    status_code: 0,
    count: BigInt(seq),
    errors: 0n,
    sum_nano: seq,
    min_nano: 1,
    max_nano: seq,
    buckets: [{ index: seq % 7, count: BigInt(seq) }],
    exemplar_trace_id: Buffer.alloc(16, 1),
    exemplar_span_id: Buffer.alloc(8, 1),
  };
  const batch = { partition, seq: BigInt(seq), flushed_at_s: 1_700_000_000n, panes: [pane] };
  return Buffer.concat([wireHeader(1), reference.latencyPane.toBuffer(batch)]);
}

/** Delays whose count is the number, and counters that grow with it: the last of each partition is the greatest. */
function figureMessage(partition: number, number: number): Buffer {
  const delay = {
    figure: 'transfer' as const,
    leg: 'gateway',
    service: 's',
    start_s: 1_700_000_000,
    count: number,
    clamped: 0,
    sum: number,
    min: 1,
    max: number,
    indices: [number % 7],
    counts: [number],
  };
  const counted = { service: 's', startId: `${partition}`, ended: number * 10, dropped: number };
  return encodeFigureBatch({ delays: [delay], counters: [counted] }, 1);
}

const deadLetter = (offset: number): Buffer =>
  encodeDeadLetter(
    {
      topic: 'spans',
      partition: 0,
      offset,
      index: -1,
      atUnixMs: 1_700_000_000_000,
      reason: 'malformed',
      error: 'e',
      attempts: 1,
      schemaId: 0,
      key: null,
      raw: Buffer.from([offset]),
    },
    1,
  );

/** Writes what an assembler writes that crashes often: messages of random size, repeated from earlier numbers. */
async function produce(random: () => number, pause_ms = 0): Promise<void> {
  for (const partition of [0, 1]) {
    for (let seq = 1; seq <= FRAGMENTS; ) {
      const from = random() < 0.3 ? Math.max(1, seq - Math.floor(random() * 20)) : seq;
      const to = Math.min(FRAGMENTS + 1, seq + 1 + Math.floor(random() * 12));
      // A zombie's word from the future, and noise: neither may change anything.
      if (random() < 0.1)
        await bench.send('traces', partition, messageOf(partition, to + 3, to + 5));
      if (random() < 0.1) await bench.send('traces', partition, Buffer.from('noise'));
      await bench.send('traces', partition, messageOf(partition, from, to));
      if (pause_ms > 0) await new Promise((resolve) => setTimeout(resolve, pause_ms));
      seq = to;
    }
    for (let seq = 1; seq <= 30; seq++) {
      const repeat = random() < 0.3 ? [paneMessage(partition, Math.max(1, seq - 2))] : [];
      await bench.send('latency', partition, ...repeat, paneMessage(partition, seq));
    }
    for (let number = 1; number <= 30; number++) {
      if (random() < 0.1) await bench.send('figures', partition, Buffer.from('noise'));
      await bench.send('figures', partition, figureMessage(partition, number));
    }
  }
  for (const offset of [1, 2, 3, 2, 1]) await bench.send('dead-letters', 0, deadLetter(offset));
}

/** What must be in the tables, without asking the engine to remove doubles first. */
async function expectAllOnce(): Promise<void> {
  const seqs = Array.from({ length: FRAGMENTS }, (_, i) => i + 1).filter((seq) => seq % 5 !== 0);
  const spans = 2 * seqs.reduce((sum, seq) => sum + spansIn(seq), 0);
  const { count } = bench;
  const transfers = `SELECT sum(Count) FROM pipeline_delays WHERE Figure = 'transfer'`;
  await until(async () => (await count('SELECT count() FROM ledger')) >= (2 * FRAGMENTS) / 5);
  await until(async () => (await count('SELECT sum(Count) FROM latency_panes')) >= 2 * 465);
  // What views make of a block shows a moment later.
  await until(async () => (await count('SELECT sum(Count) FROM latency_totals')) >= 2 * 465);
  // The last of a block's tables that panes go into.
  await until(async () => (await count('SELECT sum(Count) FROM latency_ten_minutes')) >= 2 * 465);
  expect(await count('SELECT count() FROM otel_traces')).toBe(spans);
  expect(await count('SELECT uniqExact(TraceId, SpanId) FROM otel_traces')).toBe(spans);
  expect(await count('SELECT count() FROM trace_fragments')).toBe(2 * seqs.length);
  expect(await count('SELECT uniqExact(Partition, Seq) FROM trace_fragments')).toBe(
    2 * seqs.length,
  );
  expect(await count('SELECT sum(SpanCount) FROM trace_fragments')).toBe(spans);
  // The second and the third span of each trace are of other services than the first.
  const calls = 2 * seqs.reduce((sum, seq) => sum + Math.min(spansIn(seq) - 1, 2), 0);
  await until(async () => (await count('SELECT sum(Calls) FROM service_edge_totals')) >= calls);
  expect(await count('SELECT sum(Calls) FROM service_edges')).toBe(calls);
  expect(await count('SELECT sum(arraySum(mapValues(ServerBuckets))) FROM service_edges')).toBe(
    calls,
  );
  expect(await count('SELECT count() FROM ledger')).toBe((2 * FRAGMENTS) / 5);
  expect(await count('SELECT sum(Count) FROM latency_totals')).toBe(2 * 465);
  expect(await count('SELECT sum(Calls) FROM service_edge_totals')).toBe(calls);
  for (const table of ['latency_panes', 'latency_ten_minutes']) {
    expect(await count(`SELECT sum(Count) FROM ${table}`)).toBe(2 * 465);
    expect(await count(`SELECT sum(arraySum(mapValues(Buckets))) FROM ${table}`)).toBe(2 * 465);
  }
  await until(async () => (await count(transfers)) >= 2 * 465);
  expect(await count(transfers)).toBe(2 * 465);
  const reported = `SELECT sum(E) FROM (SELECT max(Ended) AS E FROM producer_counters GROUP BY StartId)`;
  // Another table of the same block, which goes in after that of delays.
  await until(async () => (await count(reported)) >= 2 * 300);
  expect(await count(reported)).toBe(2 * 300);
  // What a view makes of the fragments is dropped with them when they come again.
  const stored = `SELECT sum(Count) FROM pipeline_delays WHERE Figure = 'storage' AND Leg = 'whole'`;
  expect(await count(stored)).toBe(spans);
  // Noise has letters of its own, of other topics.
  const ours = `SELECT count() FROM dead_letters FINAL WHERE Topic = 'spans'`;
  await until(async () => (await count(ours)) >= 3);
  expect(await count(ours)).toBe(3);
}

describe('sink on real engines', () => {
  it('stores everything once, and lets go and takes over between any two blocks', async () => {
    const first = await bench.start();
    await produce(seeded(1));
    const second = await bench.start();
    await until(async () => (await bench.count('SELECT count() FROM trace_fragments')) > 20);
    await first.stop();
    await expectAllOnce();
    expect(second.fatal).toEqual([]);
    expect(second.health.ready()).toEqual({ ok: true });
  }, 120_000);

  it.each([11, 12])(
    'stores everything once through crashes and lost answers at every step (seed %d)',
    async (seed) => {
      const random = seeded(seed);
      let faults = 0;
      const plan: FaultPlan = () => {
        if (faults >= 40 || random() > 0.15) return 'none';
        faults++;
        return FAULTS[Math.floor(random() * FAULTS.length)] as Fault;
      };
      const sink = await bench.start(plan);
      // While it runs, so that a block cut afresh after a crash would not be the one before.
      await produce(seeded(seed + 1000), 40);
      await expectAllOnce();
      expect(sink.fatal).toEqual([]);
      expect(faults).toBeGreaterThan(5);
    },
    90_000,
  );

  it('repeats the intended range as it was, whatever has come since', async () => {
    let state: 'well' | 'crashed' | 'recovered' = 'well';
    await bench.start((effect) => {
      if (state === 'recovered' || (state === 'well' && effect === 'commit')) return 'none';
      const first = state === 'well';
      state = 'crashed';
      return first ? 'crash-after' : 'crash-before';
    });
    await bench.send('traces', 0, messageOf(0, 1, 5));
    await until(async () => state === 'crashed');
    await bench.send('traces', 0, messageOf(0, 5, 10));
    state = 'recovered';
    await until(async () => (await bench.count('SELECT count() FROM trace_fragments')) >= 8);
    const spans = [1, 2, 3, 4, 6, 7, 8, 9].reduce((sum, seq) => sum + spansIn(seq), 0);
    expect(await bench.count('SELECT count() FROM otel_traces')).toBe(spans);
    expect(await bench.count('SELECT count() FROM trace_fragments')).toBe(8);
  }, 120_000);

  it('sends rows again whose token is known although they are missing', async () => {
    const { clickhouse, kafka, prefix } = bench;
    await bench.send('traces', 0, messageOf(0, 1, 4), messageOf(0, 4, 8));
    // What a killed owner and a killed ClickHouse leave: the intent, and a token without its rows.
    const intent = { offset: 0, seq: null, intentTo: 2, gapOffset: null };
    await (await kafka.admin()).setCommitted(sinkGroup(prefix, 'traces'), kafka.topic('traces'), [
      { partition: 0, offset: 0, metadata: checkpointMetadata(intent) },
    ]);
    const timeColumns = { otel_traces: 'StoredAt', trace_fragments: 'ClosedAt', ledger: 'At' };
    for (const [table, time] of Object.entries(timeColumns)) {
      const token = `${table}-${kafka.topic('traces')}-0-0-2`;
      await clickhouse.command(
        `INSERT INTO ${table} (Partition, Seq, ${time}) SETTINGS async_insert = 0,
         insert_deduplication_token = '${token}' VALUES (999, 1, toDateTime(1700000000))`,
      );
    }
    const sink = await bench.start();
    await until(
      async () => (await bench.count('SELECT count() FROM ledger WHERE Partition = 0')) > 0,
    );
    expect(await bench.count('SELECT count() FROM trace_fragments WHERE Partition = 0')).toBe(6);
    const spans = [1, 2, 3, 4, 6, 7].reduce((sum, seq) => sum + spansIn(seq), 0);
    expect(await bench.count('SELECT count() FROM otel_traces WHERE Partition = 0')).toBe(spans);
    expect(await sink.metric('spanloom_sink_inserts_lost_total')).toBeGreaterThan(0);
  }, 120_000);

  it('stores nothing again when its commits are lost', async () => {
    const admin = await bench.kafka.admin();
    const first = await bench.start();
    await produce(seeded(4));
    await expectAllOnce();
    await first.stop();
    const topics = ['traces', 'latency', 'figures', 'dead-letters'] as const;
    await admin.deleteGroups(topics.map((topic) => sinkGroup(bench.prefix, topic)));
    const second = await bench.start();
    // 120 entries, 30 panes and 30 delays in each of two partitions.
    await until(async () => (await second.metric('spanloom_sink_repeats_total')) >= 360);
    await expectAllOnce();
    await bench.send('traces', 0, messageOf(0, FRAGMENTS + 1, FRAGMENTS + 5));
    const added = `SELECT count() FROM trace_fragments WHERE Seq > ${FRAGMENTS}`;
    await until(async () => (await bench.count(added)) === 4);
    expect(second.health.ready()).toEqual({ ok: true });
  }, 120_000);

  it('waits for ClickHouse, says so, and goes on by itself', async () => {
    let away = true;
    const sink = await bench.start((effect) =>
      away && effect === 'insert' ? 'error-before' : 'none',
    );
    await produce(seeded(2));
    await until(async () => !sink.health.ready().ok);
    expect(sink.health.ready().why).toMatch(/clickhouse: blocks cannot be stored/);
    expect(await bench.count('SELECT count() FROM otel_traces')).toBe(0);
    away = false;
    await expectAllOnce();
    await until(async () => sink.health.ready().ok);
    expect(sink.fatal).toEqual([]);
  }, 120_000);

  it('stops in time while ClickHouse is away, and leaves nothing out', async () => {
    const sink = await bench.start((effect) => (effect === 'insert' ? 'error-before' : 'none'));
    await produce(seeded(3));
    await until(async () => !sink.health.ready().ok);
    const begun = Date.now();
    await sink.stop();
    expect(Date.now() - begun).toBeLessThan(8_000);
    await bench.start();
    await expectAllOnce();
  }, 120_000);

  it('raises an alarm when a number never comes, and keeps the place', async () => {
    await bench.send('traces', 0, messageOf(0, 1, 3), messageOf(0, 4, 6));
    const sink = await bench.start();
    await until(async () => !sink.health.ready().ok);
    expect(sink.health.ready().why).toMatch(/number 3 is missing since offset 1/);
    await until(async () => (await sink.metric('spanloom_sink_gaps_total')) === 2);
    await until(async () => (await bench.count('SELECT count() FROM trace_fragments')) === 2);
    await bench.send('traces', 0, messageOf(0, 3, 7));
    await until(async () => sink.health.ready().ok);
    await until(async () => (await bench.count('SELECT count() FROM trace_fragments')) === 5);
  }, 120_000);
});
