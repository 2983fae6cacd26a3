// Micro-benchmark: CPU per span of the OTLP decoders. Build first: npx tsc -b libs/otlp
// Usage: node libs/otlp/bench/transcode.mjs [rounds]
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const {
  createOtlpDecoder,
  DEFAULT_OTLP_LIMITS,
  encodeOtlpJson,
  encodeOtlpRequest,
} = require('../dist/index.js');

const ROUNDS = Number(process.argv[2] ?? 400);
const SPANS = 100;
const hex = (n, width) => n.toString(16).padStart(width, '0');

/** A span of about 470 Avro bytes with 13 attributes: 4 of its resource and 9 of its own. */
function benchSpan(i) {
  return {
    traceId: hex(0xabcdef1234567 + (i % 10) * 7919, 32),
    spanId: hex(0x1234567890ab + i, 16),
    parentSpanId: i % 10 === 0 ? '' : hex(0x1234567890aa + i, 16),
    startUnixNano: 1700000000000000000n + BigInt(i) * 1234567n,
    durationNano: 2345678n + BigInt(i),
    kind: (i % 5) + 1,
    statusCode: i % 20 === 0 ? 2 : 0,
    service: 'checkout',
    name: 'oteldemo.CheckoutService/PlaceOrder',
    traceState: '',
    flags: 257,
    statusMessage: '',
    scopeName: 'grpc-instrumentation',
    scopeVersion: '1.4.0',
    resourceAttributes: {
      'service.name': 'checkout',
      'service.version': '2.1.3',
      'host.name': 'node-7-a2',
      'k8s.pod.name': 'checkout-6d5-x2v9k',
    },
    attributes: {
      'http.request.method': 'POST',
      'url.path': '/api/checkout/place',
      'http.response.status_code': '200',
      'server.address': 'checkout.prod',
      'server.port': '8080',
      'user.id': `user-${i * 7919}`,
      'rpc.system': 'grpc',
      'rpc.method': 'PlaceOrder',
      'thread.id': String(i % 32),
    },
    events: [],
    links: [],
  };
}

const spans = Array.from({ length: SPANS }, (_, i) => benchSpan(i));
const protobuf = encodeOtlpRequest(spans);
const json = Buffer.from(encodeOtlpJson(spans));
const decoder = createOtlpDecoder(DEFAULT_OTLP_LIMITS);

function measure(name, run) {
  for (let i = 0; i < 100; i++) run();
  const results = [];
  for (let repeat = 0; repeat < 7; repeat++) {
    const before = process.cpuUsage();
    for (let i = 0; i < ROUNDS; i++) run();
    const { user, system } = process.cpuUsage(before);
    results.push((user + system) / (ROUNDS * SPANS));
  }
  results.sort((a, b) => a - b);
  const [least, , , median] = results;
  console.log(`${name}: ${median.toFixed(2)} µs/span (least ${least.toFixed(2)})`);
}

decoder.protobuf(protobuf);
console.log(`${(decoder.arena.bytes / SPANS).toFixed(0)} Avro bytes a span, ${SPANS} a request`);
measure('protobuf to Avro', () => decoder.protobuf(protobuf));
measure('JSON to Avro', () => decoder.json(json));
measure('encode protobuf', () => encodeOtlpRequest(spans));
