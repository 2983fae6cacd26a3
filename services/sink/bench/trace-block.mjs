// Micro-benchmark: messages of `traces` → blocks of rows. Run after a build: node services/sink/bench/trace-block.mjs
import {
  AvroWriter,
  FragmentBatchBuilder,
  SCHEMAS,
  writeFragmentHeader,
  writeSegmentHeader,
  writeSpan,
} from '@spanloom/avro';
import { createMetrics } from '@spanloom/runtime';
import { defineMetrics } from '../dist/index.js';
import { createSeqGate } from '../dist/seq-gate.js';
import { createSpanLayouts } from '../dist/span-layouts.js';
import { createTraceBlock } from '../dist/trace-block.js';

const TRACES = 2_000;
const SPANS_PER_TRACE = 10;
const TRACES_PER_MESSAGE = 40;
const ROUNDS = 20;

const hex = (n, digits) => n.toString(16).padStart(digits, '0');
const text = (n) => 'abcdefghijklmnopqrstuvwxyz0123456789-/'.slice(n % 7, (n % 7) + n);

function span(trace, i) {
  const attributes = {};
  const resourceAttributes = {};
  for (let k = 0; k < 8; k++) attributes[`http.attr.${k}`] = text(8 + ((i + k * 5) % 14));
  for (let k = 0; k < 5; k++) resourceAttributes[`service.attr.${k}`] = text(10 + k);
  return {
    traceId: hex(trace, 32),
    spanId: hex(trace * 100 + i + 1, 16),
    parentSpanId: i === 0 ? '' : hex(trace * 100 + i, 16),
    startUnixNano: 1_700_000_000_000_000_000n + BigInt(trace) * 1234567n,
    durationNano: BigInt(1_000_000 + i * 7919),
    kind: (i % 5) + 1,
    statusCode: i % 3,
    service: `service-${i % 5}`,
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

function fragment(trace) {
  const spans = new AvroWriter();
  for (let i = 0; i < SPANS_PER_TRACE; i++) writeSpan(spans, span(trace, i));
  const entry = new AvroWriter();
  writeFragmentHeader(entry, Buffer.from(hex(trace, 32), 'hex'), 0, {
    openedAtS: 1_700_000_000,
    closedAtS: 1_700_000_010,
    reason: 0,
    late: false,
    spanCount: SPANS_PER_TRACE,
    duplicateCount: 0,
  });
  entry.writeLong(1);
  writeSegmentHeader(entry, 1, SPANS_PER_TRACE, spans.length);
  entry.writeRaw(spans.view());
  entry.writeByte(0);
  return entry.take();
}

const messages = [];
const builder = new FragmentBatchBuilder(0);
for (let trace = 1; trace <= TRACES; trace++) {
  builder.add(trace, fragment(trace));
  if (trace % TRACES_PER_MESSAGE > 0) continue;
  messages.push(builder.finish(2));
  builder.reset();
}

const registry = { register: async () => 1, schemaById: async () => SCHEMAS.spanBatch };
const block = createTraceBlock('traces', 0, {
  metrics: defineMetrics(createMetrics('sink')),
  layouts: createSpanLayouts(registry),
});
const samples = [];
for (let round = -5; round < ROUNDS; round++) {
  const gate = createSeqGate(null);
  const before = process.cpuUsage();
  for (const value of messages) {
    await block.add({ offset: 0, timestampMs: 0, key: null, value, headers: {} }, gate);
  }
  const used = process.cpuUsage(before);
  block.reset();
  if (round >= 0) samples.push((used.user + used.system) / (TRACES * SPANS_PER_TRACE));
}
samples.sort((a, b) => a - b);
const at = (q) => samples[Math.floor(q * (samples.length - 1))].toFixed(3);
console.log(`records to rows: ${at(0.5)} µs/span (p10 ${at(0.1)}, p90 ${at(0.9)})`);
