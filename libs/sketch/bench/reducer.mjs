// Micro-benchmark: CPU per span of the latency reducer. Build first: npx tsc -b libs/sketch
// Usage: node libs/sketch/bench/reducer.mjs [rounds]
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const {
  AvroWriter,
  SCAN_END,
  SpanBatchBuilder,
  SpanScanner,
  writeSpan,
} = require('../../avro/dist/index.js');
const { createLatencyState, LATENCY_RULES, step } = require('../dist/index.js');

const ROUNDS = Number(process.argv[2] ?? 15);
const SPANS = 200_000;
const SPANS_PER_MESSAGE = 400;
const MESSAGES_PER_FLUSH = 125;
const hex = (n, width) => n.toString(16).padStart(width, '0');
// Uncorrelated ids, as tracers make them.
const random = (n) => Math.imul(n ^ (n >>> 15), 0x2c1b3c6d) >>> 0;

/** A span of about 470 Avro bytes with 13 attributes; 12 services of 20 operations each. */
function benchSpan(i, sampled) {
  const attributes = Object.fromEntries(
    Array.from({ length: 9 }, (_, a) => [`http.attribute.${a}`, `value-${a}-${i % 100}`]),
  );
  const service = `service-${random(i) % 12}`;
  return {
    traceId: hex(random(Math.floor(i / 10)), 16) + hex(random(i ^ 0x5555), 16),
    spanId: hex(random(i + 7), 8) + hex(i + 1, 8),
    parentSpanId: i % 10 === 0 ? '' : hex(i, 16),
    startUnixNano: 1_700_000_000_000_000_000n + BigInt(i) * 100_000n,
    durationNano: BigInt(Math.floor(Math.exp(15 + 2 * ((random(i * 3) / 2 ** 32) * 2 - 1)))),
    kind: (random(i) % 3) + 1,
    statusCode: random(i * 5) % 50 === 0 ? 2 : 0,
    service,
    name: `oteldemo.Service/Operation${random(i * 7) % 20}`,
    traceState: sampled ? 'ot=th:c' : '',
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

function messages(sampled) {
  const builder = new SpanBatchBuilder();
  const writer = new AvroWriter();
  const made = [];
  let bytes = 0;
  for (let i = 0; i < SPANS; i++) {
    writer.reset();
    writeSpan(writer, benchSpan(i, sampled));
    bytes += writer.length;
    builder.add(writer.view());
    if (builder.spanCount < SPANS_PER_MESSAGE) continue;
    made.push(builder.finish(1, 0));
    builder.reset();
  }
  return { made, spanBytes: bytes / SPANS };
}

function cpuPerSpan(work) {
  const costs = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    costs.push((user + system) / SPANS);
  }
  costs.sort((a, b) => a - b);
  return `median ${costs[ROUNDS >> 1].toFixed(3)} µs a span, least ${costs[0].toFixed(3)}`;
}

function reduceAll(made) {
  const state = createLatencyState(0, 1, LATENCY_RULES, { seq: 1, clockS: 0 });
  made.forEach((batch, offset) => {
    const timestampMs = Math.floor(offset / MESSAGES_PER_FLUSH) * 5000;
    step(state, { offset, timestampMs, batch });
  });
}

for (const sampled of [false, true]) {
  const { made, spanBytes } = messages(sampled);
  const scanner = new SpanScanner();
  const scanAll = () => {
    for (const batch of made) {
      scanner.reset(batch, 5, batch.length);
      while (scanner.next() !== SCAN_END);
    }
  };
  console.log(`${sampled ? 'with' : 'without'} ot=th, ${spanBytes.toFixed(0)} bytes a span`);
  console.log(`  scan only       ${cpuPerSpan(scanAll)}`);
  console.log(`  scan and reduce ${cpuPerSpan(() => reduceAll(made))}`);
}
