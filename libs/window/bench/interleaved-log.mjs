// Makes a log of `spans` like one partition's: ten spans a trace of about 470 bytes with 13 attributes,
// spread over a second, so that thousands of windows are open at a time; 100 spans a message.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { AvroWriter, SpanBatchBuilder, writeSpan } = require('../../avro/dist/index.js');

const SPANS_PER_TRACE = 10;
const TRACE_SPREAD_MS = 1000;
const ROOTLESS_EVERY = 20;
const BEGIN_MS = 1_700_000_000_000;

const hex = (n, width) => n.toString(16).padStart(width, '0');
// Uncorrelated ids, as tracers make them.
const random = (n) => Math.imul(Math.imul(n ^ (n >>> 16), 0x45d9f3b) ^ (n >>> 7), 0x2c1b3c6d) >>> 0;

function benchSpan(trace, i) {
  const n = trace * SPANS_PER_TRACE + i;
  const service = `service-${random(n) % 12}`;
  const attributes = Object.fromEntries(
    Array.from({ length: 9 }, (_, a) => [
      `http.attribute.${a}`,
      `value-${a}-${random(n + a) % 1000}`,
    ]),
  );
  return {
    traceId:
      hex(random(trace), 8) +
      hex(random(trace ^ 0x5555), 8) +
      hex(random(trace + 99), 8) +
      hex(trace, 8),
    spanId: hex(random(n + 7), 8) + hex(n + 1, 8),
    parentSpanId: i === 0 && trace % ROOTLESS_EVERY !== 0 ? '' : hex(random(n), 16),
    startUnixNano: BigInt(BEGIN_MS) * 1_000_000n + BigInt(n) * 100_000n,
    durationNano: BigInt(1_000 + (random(n * 3) % 500_000_000)),
    kind: (random(n) % 3) + 1,
    statusCode: random(n * 5) % 50 === 0 ? 2 : 0,
    service,
    name: `oteldemo.Service/Operation${random(n * 7) % 20}`,
    traceState: '',
    flags: 257,
    statusMessage: '',
    scopeName: 'tracer',
    scopeVersion: '1.2.3',
    resourceAttributes: {
      'service.name': service,
      'k8s.pod.name': 'pod-abcdef-12345',
      'host.name': 'node-1',
      'telemetry.sdk.language': 'nodejs',
    },
    attributes,
    events: [],
    links: [],
  };
}

/**
 * @param spansPerS spans in each second of the log
 * @returns messages in order: append time and value; and the mean bytes of a span
 */
export function interleavedLog(spans, spansPerS, spansPerMessage = 100, schemaId = 1) {
  const traces = spans / SPANS_PER_TRACE;
  const tracesPerMs = spansPerS / SPANS_PER_TRACE / 1000;
  const order = [];
  for (let trace = 0; trace < traces; trace++) {
    for (let i = 0; i < SPANS_PER_TRACE; i++) {
      const at = trace / tracesPerMs + (random(trace * 31 + i) % TRACE_SPREAD_MS);
      order.push({ at, trace, i });
    }
  }
  order.sort((a, b) => a.at - b.at);
  const builder = new SpanBatchBuilder();
  const writer = new AvroWriter();
  const messages = [];
  let bytes = 0;
  for (const { at, trace, i } of order) {
    writer.reset();
    writeSpan(writer, benchSpan(trace, i));
    bytes += writer.length;
    builder.add(writer.view());
    if (builder.spanCount < spansPerMessage) continue;
    const timestampMs = BEGIN_MS + Math.floor(at);
    messages.push({ timestampMs, value: builder.finish(schemaId, timestampMs) });
    builder.reset();
  }
  return { messages, spanBytes: bytes / order.length };
}

/** CPU of this process in µs since `before`, per span. */
export function cpuPerSpan(before, spans) {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / spans;
}
