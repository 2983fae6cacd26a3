import {
  decodeSpan,
  readWireHeader,
  SCAN_SPAN,
  SpanScanner,
  WIRE_HEADER_BYTES,
} from '@spanloom/avro';
import { type OutgoingRecord, type SendReceipt, tracePartition } from '@spanloom/kafka';
import type { Span } from '@spanloom/model';
import { createManualClock } from '@spanloom/runtime';
import fc from 'fast-check';
import { createPacker, type PackerConfig } from '../src/packer';
import { arenaOf, testSpan } from './spans';

const CONFIG: PackerConfig = { partitions: 8, linger_ms: 1, pack_bytes_max: 100_000 };

/** Where records go: kept, and answered when the test says so. */
function createOutlet() {
  const sends: { records: readonly OutgoingRecord[]; settle: (error?: Error) => void }[] = [];
  return {
    sends,
    send: (records: readonly OutgoingRecord[]) =>
      new Promise<SendReceipt>((resolve, reject) => {
        const appendedAt_ms = 1000 + sends.length;
        const settle = (error?: Error): void =>
          error === undefined ? resolve({ appendedAt_ms }) : reject(error);
        sends.push({ records, settle });
      }),
  };
}

function createTestPacker(
  send: (records: readonly OutgoingRecord[]) => Promise<SendReceipt>,
  config: Partial<PackerConfig> = {},
) {
  const metrics = { pack: () => undefined, produced: () => undefined };
  const clock = createManualClock();
  return createPacker({ ...CONFIG, ...config }, { send, metrics, clock, schemaId: 77 });
}

function spansOf(record: OutgoingRecord): readonly Span[] {
  const value = record.value as Buffer;
  expect(readWireHeader(value)).toEqual({ schemaId: 77 });
  const scanner = new SpanScanner();
  scanner.reset(value, WIRE_HEADER_BYTES, value.length);
  const spans: Span[] = [];
  while (scanner.next() === SCAN_SPAN) {
    spans.push(decodeSpan(value, scanner.spanStart, scanner.spanEnd));
  }
  return spans;
}

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
};

describe('the packer', () => {
  it('sends every span once, to the partition of its trace, in packs within the limit', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.nat(30), { maxLength: 40 }), { minLength: 1, maxLength: 6 }),
        fc.constantFrom(200, 1000, 100_000),
        async (requests, pack_bytes_max) => {
          const all: OutgoingRecord[] = [];
          const packer = createTestPacker(
            async (records) => {
              all.push(...records);
              return { appendedAt_ms: null };
            },
            { pack_bytes_max },
          );
          let id = 0;
          const sent = requests.map((traces) => traces.map((trace) => testSpan(trace, id++)));
          await Promise.all(sent.map((spans) => packer.add(arenaOf(spans))));
          const stored = all.flatMap((record) => {
            const spans = spansOf(record);
            expect(record.key?.toString()).toBe(spans[0]?.traceId);
            for (const span of spans) {
              expect(tracePartition(span.traceId, CONFIG.partitions)).toBe(record.partition);
            }
            if (spans.length > 1) {
              expect((record.value as Buffer).length).toBeLessThan(pack_bytes_max + 100);
            }
            return spans.map((span) => span.spanId);
          });
          expect(stored.sort()).toEqual(
            sent
              .flat()
              .map((span) => span.spanId)
              .sort(),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it('packs requests that come together into one send', async () => {
    const outlet = createOutlet();
    const packer = createTestPacker(outlet.send);
    const requests = [1, 2, 3].map((trace) => packer.add(arenaOf([testSpan(trace, trace)])));
    await until(() => outlet.sends.length > 0);
    outlet.sends[0]?.settle();
    await Promise.all(requests);
    expect(outlet.sends).toHaveLength(1);
  });

  it('answers a request only when all of its packs are acknowledged', async () => {
    const outlet = createOutlet();
    const packer = createTestPacker(outlet.send, { pack_bytes_max: 150 });
    let answered = false;
    const request = packer
      .add(arenaOf([testSpan(1, 1), testSpan(1, 2), testSpan(1, 3)]))
      .then(() => {
        answered = true;
      });
    await until(() => outlet.sends.length === 3);
    outlet.sends[2]?.settle();
    outlet.sends[0]?.settle();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(answered).toBe(false);
    outlet.sends[1]?.settle();
    await request;
  });

  it('fails the requests of a failed send, and no others', async () => {
    const outlet = createOutlet();
    const packer = createTestPacker(outlet.send);
    const first = packer.add(arenaOf([testSpan(1, 1)]));
    await until(() => outlet.sends.length === 1);
    const second = packer.add(arenaOf([testSpan(2, 2)]));
    await until(() => outlet.sends.length === 2);
    outlet.sends[0]?.settle(new Error('away'));
    outlet.sends[1]?.settle();
    await expect(first).rejects.toThrow('away');
    await second;
  });

  it('sends what is left when it drains, and waits for it', async () => {
    const outlet = createOutlet();
    const packer = createTestPacker(outlet.send, { linger_ms: 10_000 });
    const request = packer.add(arenaOf([testSpan(1, 1)]));
    const drained = packer.drain();
    expect(outlet.sends).toHaveLength(1);
    outlet.sends[0]?.settle();
    await Promise.all([request, drained]);
  });
});
