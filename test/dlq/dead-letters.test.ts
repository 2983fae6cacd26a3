import { randomBytes } from 'node:crypto';
import { AvroWriter, SCHEMAS, SpanBatchBuilder, wireHeader, writeSpan } from '@spanloom/avro';
import type { Span } from '@spanloom/model';
import { type CommandResult, type DeadLetterLine, startDeadLetterLine } from './running-line';

/** The registry's client takes an unknown id as unknown for 10 s. */
const UNKNOWN_FOR_MS = 10_500;

let line: DeadLetterLine;
let unknownId = 0;
/** Good spans of messages that are read in whole or in part: stored without anybody's help. */
let storedFirst = 0;

function span(change: Partial<Span> = {}): Span {
  return {
    traceId: randomBytes(16).toString('hex'),
    spanId: randomBytes(8).toString('hex'),
    parentSpanId: '',
    startUnixNano: BigInt(Date.now()) * 1_000_000n,
    durationNano: 2_000_000n,
    kind: 2,
    statusCode: 0,
    service: 'cart',
    name: 'GET /cart',
    traceState: '',
    flags: 0,
    statusMessage: '',
    scopeName: '',
    scopeVersion: '',
    resourceAttributes: {},
    attributes: { 'http.route': '/cart' },
    events: [],
    links: [],
    ...change,
  };
}

function bytesOf(one: Span): Buffer {
  const writer = new AvroWriter();
  writeSpan(writer, one);
  return Buffer.from(writer.view());
}

function batch(schemaId: number, ...spans: readonly Span[]): Buffer {
  const builder = new SpanBatchBuilder();
  for (const one of spans) builder.add(bytesOf(one));
  return builder.finish(schemaId, 0);
}

/** Three spans in a block without a size, as any Avro library writes it; the third one ends early. */
function brokenBatch(): Buffer {
  const [a, b, c] = [bytesOf(span()), bytesOf(span()), bytesOf(span())];
  const head = Buffer.from([0, 6]); // sent_at 0, three items
  return Buffer.concat([wireHeader(line.line.schemaId), head, a, b, c.subarray(0, 60)]);
}

const json = (result: CommandResult): Record<string, unknown> => {
  expect(`${result.code}${result.code === 0 ? '' : result.stderr}`).toBe('0');
  return JSON.parse(result.stdout) as Record<string, unknown>;
};
const letters = (where: string): string => `SELECT count() FROM dead_letter_queue WHERE ${where}`;

async function nameOf(where: string): Promise<string> {
  const [row] = await line.clickhouse.query<{ name: string }>(
    `SELECT concat(Topic, '/', toString(Partition), '@', toString(Offset), '#', toString(SpanIndex)) AS name
     FROM dead_letter_queue WHERE ${where} ORDER BY Topic, Partition, Offset, SpanIndex LIMIT 1`,
  );
  return row?.name ?? '';
}

beforeAll(async () => {
  line = await startDeadLetterLine(2);
  // A merge would remove doubles before the test could see them.
  await line.clickhouse.command('SYSTEM STOP MERGES otel_traces');
  const registry = line.line.kafka.registry();
  const topic = (name: 'traces' | 'dead-letters') => `${line.line.kafka.topic(name)}-value`;
  await registry.register(topic('traces'), SCHEMAS.traceFragment);
  unknownId = (await registry.register(topic('dead-letters'), SCHEMAS.deadLetter)) + 1;
}, 120_000);
afterAll(() => line?.stop(), 60_000);

test('poison becomes letters that can be listed and shown', async () => {
  const bad = { ...span(), kind: 9 as Span['kind'] };
  await line.line.send(0, batch(line.line.schemaId, span(), bad, span()));
  await line.line.send(0, batch(unknownId, span(), span(), span()));
  await line.line.send(1, Buffer.from('{"resourceSpans":[]}'));
  await line.line.send(1, Buffer.from('neither'));
  await line.line.send(1, brokenBatch());
  storedFirst = 4;
  await line.untilCount(letters('1'), 5);
  await line.untilCount('SELECT count() FROM otel_traces', storedFirst);

  const list = json(await line.dlq(['list', '--json', '--limit', '3']));
  const histogram = list.histogram as Record<string, unknown>[];
  const kinds = histogram.map((r) => `${r.reason} ${r.partition} ${r.letters} ${r.open}`);
  expect(kinds.sort()).toEqual([
    'kind 0 1 1',
    'malformed 1 1 1',
    'not-avro 1 2 2',
    'schema-unknown 0 1 1',
  ]);
  expect(list.matching).toBe(5);
  expect(list.letters).toHaveLength(3);
  const one = json(await line.dlq(['list', '--json', '--trace', bad.traceId]));
  expect(one.matching).toBe(1);
  expect((await line.dlq(['list', '--until', '1h'])).stdout).toBe('no dead letters.\n');

  const shown = await line.dlq(['show', await nameOf("Reason = 'kind'")]);
  expect(shown.stdout).toContain(bad.traceId);
  expect(shown.stdout).toMatch(/kind +9\n/);
  expect(shown.stdout).toMatch(/state +open\n/);
  const unknown = await line.dlq(['show', await nameOf("Reason = 'schema-unknown'")]);
  expect(unknown.stdout).toContain(`${unknownId}, which the registry does not know`);
  const broken = await line.dlq(['show', await nameOf("Reason = 'malformed'")]);
  expect(broken.stdout).toMatch(/spans read +2, of them good: 2\n/);
}, 180_000);

test('a dry run changes nothing, and a choice has to be made', async () => {
  const planned = json(await line.dlq(['replay', '--all', '--dry-run', '--json']));
  expect(planned).toMatchObject({ dry_run: true, replayed: 5, quarantined: 0 });
  const strict = ['replay', '--all', '--attempts-max', '1', '--dry-run', '--json'];
  expect(json(await line.dlq(strict))).toMatchObject({ replayed: 0, quarantined: 5 });
  expect(json(await line.dlq(['discard', '--all', '--dry-run', '--json']))).toMatchObject({
    discarded: 5,
  });
  expect(await line.count('SELECT count() FROM dead_letter_actions')).toBe(0);
  expect([...(await line.replays(0)), ...(await line.replays(1))]).toEqual([]);
  const careless = await line.dlq(['discard']);
  expect(careless.code).toBe(1);
  expect(careless.stderr).toContain('--all');
}, 120_000);

test('cured and replayed, spans are stored once, however often replay is called', async () => {
  const later = { ...SCHEMAS.spanBatch, doc: 'Registered after its first message.' };
  expect(await line.line.kafka.registry().register('later-value', later)).toBe(unknownId);
  await new Promise((resolve) => setTimeout(resolve, UNKNOWN_FOR_MS));
  const args = ['replay', '--reason', 'schema-unknown', '--json'];
  expect(json(await line.dlq(args))).toMatchObject({ replayed: 1, quarantined: 0, left: 0 });
  expect(json(await line.dlq(args))).toMatchObject({ replayed: 0 });
  await line.untilCount('SELECT count() FROM otel_traces', storedFirst + 3);
  expect(await line.count(letters("Reason = 'schema-unknown' AND State = 'replayed'"))).toBe(1);
  expect(await line.count(letters("Reason = 'schema-unknown'"))).toBe(1);
  const sent = await line.replays(0);
  expect(sent.map(({ attempts }) => attempts)).toEqual(['1']);
  const name = await nameOf("Reason = 'schema-unknown'");
  expect((await line.dlq(['show', name])).stdout).toMatch(
    new RegExp(`replayed to \\S+/0@${sent[0]?.offset}`),
  );
}, 180_000);

test('what fails again is quarantined after three attempts', async () => {
  const args = ['replay', '--reason', 'kind', '--json'];
  for (const attempts of [2, 3]) {
    expect(json(await line.dlq(args))).toMatchObject({ replayed: 1, quarantined: 0 });
    await line.untilCount(letters(`Reason = 'kind' AND Attempts = ${attempts}`), 1);
  }
  expect(json(await line.dlq(args))).toMatchObject({ replayed: 0, quarantined: 1 });
  expect(json(await line.dlq(args))).toMatchObject({ replayed: 0, quarantined: 0 });
  expect(await line.count(letters("Reason = 'kind' AND State = 'quarantined'"))).toBe(1);
  const again = [...args, '--quarantined', '--attempts-max', '4'];
  expect(json(await line.dlq(again))).toMatchObject({ replayed: 1 });
  await line.untilCount(letters("Reason = 'kind' AND Attempts = 4"), 1);
}, 180_000);

test('of a message that broke off, only what was not stored is sent', async () => {
  const args = ['replay', '--reason', 'malformed', '--json'];
  expect(json(await line.dlq(args))).toMatchObject({ replayed: 1 });
  await line.untilCount(letters("Reason = 'malformed' AND Attempts = 2"), 1);
  const shown = await line.dlq(['show', await nameOf("Reason = 'malformed' AND Attempts = 2")]);
  expect(shown.stdout).toMatch(/spans read +0, of them good: 0\n/);
  expect(shown.stdout).toContain('is a replay of');
}, 120_000);

test('a replay that was killed is finished without sending anything twice', async () => {
  const name = await nameOf("Reason = 'not-avro'");
  const replay = ['replay', name, '--json'];
  const sentFor = async (): Promise<number> =>
    (await line.replays(1)).filter(({ replayId }) => replayId?.endsWith(` ${name}`)).length;

  expect((await line.dlq(replay, 'dlq.after-intent:1:kill')).code).toBe(-1);
  expect(await line.count(letters("State = 'replaying'"))).toBe(1);
  expect(await sentFor()).toBe(0);

  const second = await line.dlq(replay, 'dlq.after-produce:1:kill');
  expect(second.code).toBe(-1);
  expect(await sentFor()).toBe(1);
  expect(await line.count(letters("State = 'replaying'"))).toBe(1);

  const dry = json(await line.dlq([...replay, '--dry-run']));
  expect(dry).toMatchObject({ replayed: 0, interrupted: 1 });
  const third = json(await line.dlq(replay));
  expect(third).toMatchObject({ replayed: 0, resumed_sent: 1, resumed_reopened: 0 });
  expect(await sentFor()).toBe(1);
  expect(await line.count(letters("State = 'replaying'"))).toBe(0);
}, 180_000);

test('two replays at a time send nothing twice', async () => {
  await line.untilCount(letters("Reason = 'not-avro' AND Attempts = 2"), 1);
  const name = await nameOf("Reason = 'not-avro' AND Attempts = 2");
  const both = await Promise.all([
    line.dlq(['replay', name, '--json']),
    line.dlq(['replay', name, '--json']),
  ]);
  const sent = (await line.replays(1)).filter(({ replayId }) => replayId?.endsWith(` ${name}`));
  expect(sent.length).toBeLessThanOrEqual(1);
  expect(await line.count(letters("State = 'replaying'"))).toBe(0);
  // One of them at least comes through, gives way to the other, or says that the other is at work.
  for (const { code, stdout, stderr } of both) {
    const said = code === 0 ? stdout : stderr;
    expect(`${code} ${said}`).toMatch(/^(0 \{.*\}|1 .*may still run.*)\n$/);
  }
  await line.untilCount(letters("Reason = 'not-avro'"), 3 + sent.length);
}, 120_000);

test('discarded letters stay, with who and why', async () => {
  const discard = ['discard', '--reason', 'not-avro', '--note', 'not ours', '--json'];
  const before = await line.count(letters('1'));
  const open = await line.count(letters("Reason = 'not-avro' AND State = 'open'"));
  expect(open).toBeGreaterThan(0);
  expect(json(await line.dlq(discard))).toMatchObject({ discarded: open, left: 0 });
  expect(json(await line.dlq(discard))).toMatchObject({ discarded: 0 });
  expect(await line.count(letters('1'))).toBe(before);
  const shown = await line.dlq(['show', await nameOf("State = 'discarded'")]);
  expect(shown.stdout).toMatch(/by \S+@\S+ {2}discarded: not ours/);
  const all = json(await line.dlq(['replay', '--reason', 'not-avro', '--json']));
  expect(all).toMatchObject({ replayed: 0, quarantined: 0 });
}, 120_000);

test('after all that the ledger balances, and every good span is stored once', async () => {
  const good = storedFirst + 3;
  await line.untilCount('SELECT sum(Missing != 0 OR OpenSpans != 0) FROM ledger_balance', 0);
  const lettersThere = await line.count('SELECT count() FROM dead_letters FINAL');
  await line.untilCount('SELECT sum(DeadLettered) FROM ledger_balance', lettersThere);
  await line.untilCount('SELECT sum(Received) FROM ledger_balance', good + lettersThere);
  expect(await line.count('SELECT sum(Duplicates) FROM ledger_balance')).toBe(0);
  expect(await line.count('SELECT count() FROM otel_traces')).toBe(good);
  expect(await line.count('SELECT uniqExact(TraceId, SpanId) FROM otel_traces')).toBe(good);
}, 180_000);
