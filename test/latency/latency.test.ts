import { randomUUID } from 'node:crypto';
import { avroType, SCHEMAS, wireHeader } from '@spanloom/avro';
import type { Span } from '@spanloom/model';
import { encodeCheckpoint } from '@spanloom/sketch';
import {
  accepted,
  createLatencyLog,
  type LatencyLog,
  panesIn,
  runLatency,
  until,
} from './running-latency';

let next = 1;

function span(change: Partial<Span> = {}): Span {
  return {
    traceId: (next++).toString(16).padStart(32, 'a'),
    spanId: next.toString(16).padStart(16, '0'),
    parentSpanId: '',
    startUnixNano: 1_700_000_000_000_000_000n,
    durationNano: 2_000_000n,
    kind: 2,
    statusCode: 0,
    service: 'cart',
    name: 'GET /cart/17',
    traceState: '',
    flags: 0,
    statusMessage: '',
    scopeName: '',
    scopeVersion: '',
    resourceAttributes: {},
    attributes: {},
    events: [],
    links: [],
    ...change,
  };
}

/** The same fields in another order and with one more: what a producer of another version may write. */
const OTHER_SCHEMA = (() => {
  const schema = structuredClone(SCHEMAS.spanBatch) as {
    fields: { name: string; type: { items: { fields: object[] } } }[];
  };
  schema.fields[1]?.type.items.fields.push({ name: 'added', type: 'string', default: '' });
  return schema;
})();

function otherBatch(schemaId: number, spanId: string): Buffer {
  const type = avroType(OTHER_SCHEMA as never);
  const body = type.toBuffer({
    sent_at_unix_ms: 0n,
    spans: [
      {
        trace_id: Buffer.alloc(16, 9),
        span_id: Buffer.from(spanId, 'hex'),
        parent_span_id: Buffer.alloc(8),
        start_unix_nano: 1_700_000_000_000_000_000n,
        duration_nano: 7_000_000n,
        kind: 3,
        status_code: 2,
        service: 'evolved',
        name: 'call',
        trace_state: '',
        flags: 0,
        status_message: '',
        scope_name: '',
        scope_version: '',
        resource_attributes: {},
        attributes: {},
        events: [],
        links: [],
        added: 'x',
      },
    ],
  });
  return Buffer.concat([wireHeader(schemaId), body]);
}

describe('latency worker on a real Kafka', () => {
  let log: LatencyLog;
  let stop: () => Promise<void> = async () => undefined;

  beforeEach(async () => {
    log = await createLatencyLog(`lat-${randomUUID().slice(0, 8)}-`);
  }, 60_000);

  afterEach(async () => {
    await stop();
    await log.close();
  }, 60_000);

  const acceptedPanes = async () => panesIn(accepted(await log.read('latency')));

  async function untilCounted(count: number): Promise<void> {
    await until(async () => {
      const panes = await acceptedPanes();
      return panes.reduce((sum, pane) => sum + pane.count, 0) >= count;
    });
  }

  async function untilSettled(): Promise<void> {
    const admin = await log.kafka.admin();
    await until(async () => {
      const [lag] = await admin.groupLag(log.group, log.kafka.topic('spans'));
      return lag?.committed !== null && lag?.lag === 0;
    });
  }

  it('writes what the reducer makes of the log, the last pane of a silent service included', async () => {
    stop = await runLatency(log);
    for (let i = 0; i < 5; i++) {
      await log.append(log.batch([span(), span({ statusCode: 2, traceState: 'ot=th:8' })]));
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    await untilCounted(15);
    await untilSettled();
    const messages = accepted(await log.read('latency'));
    expect(messages).toEqual((await log.expected()).flatMap((flush) => flush.messages));
    const panes = panesIn(messages);
    expect(panes.reduce((sum, pane) => sum + pane.errors, 0)).toBe(10);
    expect(new Set(panes.map((pane) => pane.operation))).toEqual(new Set(['GET /cart/{id}']));
  }, 60_000);

  it('started again from any earlier commit, writes the same bytes again', async () => {
    stop = await runLatency(log);
    for (let i = 0; i < 3; i++) {
      await log.append(log.batch([span(), span()]));
      await untilCounted(2 * (i + 1));
    }
    await untilSettled();
    await stop();
    const before = accepted(await log.read('latency'));
    const flushes = await log.expected();
    expect(flushes.length).toBeGreaterThanOrEqual(3);
    const admin = await log.kafka.admin();
    for (const { nextOffset, checkpoint } of flushes.slice(0, -1).reverse()) {
      const metadata = encodeCheckpoint(checkpoint);
      const offsets = [{ partition: 0, offset: nextOffset, metadata }];
      await admin.setCommitted(log.group, log.kafka.topic('spans'), offsets);
      const written = (await log.read('latency')).length;
      stop = await runLatency(log);
      const repeats = before.length - checkpoint.seq + 1;
      await until(async () => (await log.read('latency')).length >= written + repeats);
      await untilSettled();
      await stop();
      expect(accepted(await log.read('latency'))).toEqual(before);
    }
  }, 120_000);

  it('numbers on from the topic latency when its commit is lost, and counts nothing again', async () => {
    stop = await runLatency(log);
    await log.append(log.batch([span(), span()]));
    await untilCounted(2);
    await untilSettled();
    await stop();
    await (await log.kafka.admin()).deleteGroups([log.group]);
    await log.append(log.batch([span()]));
    stop = await runLatency(log);
    await untilCounted(3);
    await untilSettled();
    const panes = await acceptedPanes();
    expect(panes.reduce((sum, pane) => sum + pane.count, 0)).toBe(3);
  }, 60_000);

  it('steps over what is no batch, and reads producers of other versions', async () => {
    const otherId = await log.kafka
      .registry()
      .register(`${log.config.topic_prefix}other-value`, OTHER_SCHEMA);
    await log.append(Buffer.from('not Avro at all'));
    await log.append(Buffer.concat([wireHeader(987_654), Buffer.alloc(20)]));
    await log.append(Buffer.concat([wireHeader(otherId), Buffer.alloc(20, 0xff)]));
    await log.append(log.batch([span()]).subarray(0, 40));
    await log.append(otherBatch(otherId, '00000000000000e1'));
    await log.append(log.batch([span()]));
    stop = await runLatency(log);
    await untilCounted(2);
    const panes = await acceptedPanes();
    expect(panes.map((pane) => [pane.service, pane.count, pane.errors, pane.max]).sort()).toEqual([
      ['cart', 1, 0, 2_000_000],
      ['evolved', 1, 1, 7_000_000],
    ]);
  }, 60_000);
});
