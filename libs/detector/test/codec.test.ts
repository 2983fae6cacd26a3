import { avroType, SCHEMAS, WIRE_HEADER_BYTES } from '@spanloom/avro';
import {
  type AnomalyEvent,
  decodeAnomaly,
  decodeSelfTimes,
  encodeAnomaly,
  encodeSelfTimes,
  eventId,
} from '../src';
import { operation, pane } from './panes';

const panes = [
  pane(0, { name: operation('cart'), ms: [1, 20, 20], failed: 1, shapes: { 0: 1, 77: 2 } }),
  pane(1, { name: { type: 'edge', service: 'shop', peer: 'cart' }, ms: [3], shapes: {} }),
];
const whole = { partition: 3, partitions: 8, firstSeq: 5, lastSeq: 9, panes };

test('self times come back as they were, and are what the schema says', () => {
  const [message] = encodeSelfTimes(whole, 7, 700_000) as [Buffer];
  expect(decodeSelfTimes(message)).toEqual({ ...whole, part: 0 });
  const read = avroType(SCHEMAS.selfTime).fromBuffer(message.subarray(WIRE_HEADER_BYTES)) as {
    readonly panes: readonly { readonly series: readonly object[] }[];
  };
  expect(read).toMatchObject({ partition: 3, part: 0 });
  expect(read.panes[0]?.series[0]).toMatchObject({ service: 'cart', failed_traces: 1n });
  expect(read.panes[1]?.series[0]).toMatchObject({ service: 'shop', peer: 'cart', kind: -1 });
});

test('a batch that is too large for a message is cut into parts', () => {
  const messages = encodeSelfTimes(whole, 7, 10);
  const parts = messages.map(decodeSelfTimes);
  expect(parts.map(({ part }) => part)).toEqual([0, 1]);
  expect(parts.flatMap((one) => one.panes)).toEqual(panes);
});

test('an empty batch is a message too: it says how far the partition is', () => {
  const [message] = encodeSelfTimes({ ...whole, panes: [] }, 7, 10) as [Buffer];
  expect(decodeSelfTimes(message).panes).toEqual([]);
});

test('an event comes back as it was, and is what the schema says', () => {
  const event: AnomalyEvent = {
    id: eventId(1_700_000_010, ['cart']),
    incident: 'fedcba9876543210',
    atS: 1_700_000_010,
    services: ['cart', 'shop'],
    findings: [
      {
        what: 'self-time',
        name: operation('cart'),
        traces: 7,
        observed: 2e9,
        expected: 3e6,
        excessNano: 1.4e10,
        effect: 0.8,
        evidence: 12.5,
        exemplars: ['a'.repeat(32), 'b'.repeat(32)],
      },
      {
        what: 'shape',
        name: operation('shop', 'POST /', 3),
        traces: 9,
        observed: 0.9,
        expected: 0.01,
        effect: 0.89,
        evidence: 20,
        missing: 'mail',
        exemplars: [],
      },
    ],
  };
  const message = encodeAnomaly(event, 4);
  expect(decodeAnomaly(message)).toEqual(event);
  const read = avroType(SCHEMAS.anomaly).fromBuffer(message.subarray(WIRE_HEADER_BYTES));
  expect(read).toMatchObject({ id: event.id, at_s: 1_700_000_010n, services: ['cart', 'shop'] });
  expect(() => decodeAnomaly(message.subarray(0, 40))).toThrow(RangeError);
});
