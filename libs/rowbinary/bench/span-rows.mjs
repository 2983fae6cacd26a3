// Micro-benchmark: Avro spans → RowBinary rows. Run after a build: node libs/rowbinary/bench/span-rows.mjs
import { AvroWriter, SpanScanner, writeSpan } from '@spanloom/avro';
import { SpanRows } from '../dist/index.js';

const SPANS = 10_000;
const ROUNDS = 30;
const BLOCK_BYTES = 16 * 1024 * 1024;

const hex = (n, digits) => n.toString(16).padStart(digits, '0');
const text = (n) => 'abcdefghijklmnopqrstuvwxyz0123456789-/'.repeat(4).slice(n % 7, (n % 7) + n);

/** About 470 bytes with 13 attributes: what the design's figures are for. */
function span(i) {
  const attributes = {};
  const resourceAttributes = {};
  for (let k = 0; k < 8; k++) attributes[`http.attr.${k}`] = text(8 + ((i + k * 5) % 14));
  for (let k = 0; k < 5; k++) resourceAttributes[`service.attr.${k}`] = text(10 + k);
  return {
    traceId: hex(Math.floor(i / 10) + 1, 32),
    spanId: hex(i + 1, 16),
    parentSpanId: i % 10 === 0 ? '' : hex(i, 16),
    startUnixNano: 1_700_000_000_000_000_000n + BigInt(i) * 1234567n,
    durationNano: BigInt(1_000_000 + (i % 1000) * 7919),
    kind: (i % 5) + 1,
    statusCode: i % 3,
    service: `service-${i % 12}`,
    name: `GET /api/resource/${i % 30}`,
    traceState: '',
    flags: 257,
    statusMessage: '',
    scopeName: '@opentelemetry/instrumentation-http',
    scopeVersion: '0.52.1',
    resourceAttributes,
    attributes,
    events: [],
    links: [],
  };
}

const writer = new AvroWriter();
for (let i = 0; i < SPANS; i++) writeSpan(writer, span(i));
const bytes = writer.take();

function measure(name, once) {
  for (let i = 0; i < 5; i++) once();
  const samples = [];
  for (let i = 0; i < ROUNDS; i++) {
    const before = process.cpuUsage();
    once();
    const used = process.cpuUsage(before);
    samples.push((used.user + used.system) / SPANS);
  }
  samples.sort((a, b) => a - b);
  const at = (q) => samples[Math.floor(q * (samples.length - 1))].toFixed(3);
  console.log(`${name}: ${at(0.5)} µs/span (p10 ${at(0.1)}, p90 ${at(0.9)})`);
}

console.log(`${SPANS} spans of ${Math.round(bytes.length / SPANS)} bytes`);
const rows = new SpanRows(BLOCK_BYTES);
rows.setFragment(3, 7, 1_700_000_000);
measure('transcode', () => {
  rows.reset();
  for (let at = 0; at < bytes.length; ) {
    at = rows.append(bytes, at, Math.min(bytes.length, at + 100_000));
    if (at < 0) throw new Error(rows.reason);
  }
});
console.log(`${Math.round(rows.length / SPANS)} bytes a row`);
const scanner = new SpanScanner();
measure('skip-scan, for comparison', () => {
  scanner.resetRaw(bytes, 0, bytes.length);
  while (scanner.next() === 0);
});
