import { AvroWriter, writeSpan } from '@spanloom/avro';
import { createRandom, type Random } from '@spanloom/cli';
import type { Attributes } from '@spanloom/model';

const SERVICES = 12;
const PODS = 3;
const OPERATIONS = 8;
const AGENTS = ['grpc-node-js/1.12.2', 'okhttp/4.12.0', 'Go-http-client/2.0', 'curl/8.5.0'];
const METHODS = ['GET', 'POST', 'PUT', 'DELETE'];
const WORDS = 'select insert update where order by group limit join on from values and or not ';

/** A service as tracers describe it, and its operations. */
export interface BenchService {
  readonly name: string;
  readonly operations: readonly string[];
  /** Five resource attributes of each of its pods. */
  readonly resources: readonly Attributes[];
}

/** Twelve services of eight operations on three pods each. */
export function benchServices(): readonly BenchService[] {
  const random = createRandom(0x5e);
  return Array.from({ length: SERVICES }, (_, s) => {
    const name = `shop-service-${s}`;
    return {
      name,
      operations: Array.from({ length: OPERATIONS }, (_, o) => `GET /api/v1/s${s}/resource${o}`),
      resources: Array.from({ length: PODS }, (_, pod) => ({
        'service.name': name,
        'service.version': `2.${s}.3`,
        'host.name': `node-${(s + pod) % 5}`,
        'k8s.pod.name': `${name}-6d5f-${random.hex(3)}`,
        'telemetry.sdk.language': 'nodejs',
      })),
    };
  });
}

/** The span's own attributes, in the order in which small spans keep them. */
const ATTRIBUTES: readonly (readonly [string, (random: Random, name: string) => string])[] = [
  ['http.response.status_code', (random) => (random.chance(0.97) ? '200' : '503')],
  ['http.route', (_random, name) => name.slice(4)],
  ['http.request.method', (random) => random.pick(METHODS)],
  ['server.port', () => '8080'],
  ['thread.id', (random) => String(random.int(1, 16))],
  ['user.id', (random) => `user-${random.int(1, 20_000)}`],
  ['network.peer.address', (random) => `10.0.${random.int(0, 3)}.${random.int(1, 40)}`],
];
const LAST = 'user_agent.original';

/** Makes a span's own attributes. */
export interface AttributeMaker {
  make(random: Random, operation: string): Attributes;
}

/** A maker of the first `count` attributes, and of a text that fills a span up by `filling_bytes`. */
function attributeMaker(count: number, filling_bytes: number): AttributeMaker {
  const fillings = AGENTS.map((agent, i) =>
    `${agent} ${WORDS.slice(i)}`.repeat(1 + Math.ceil(filling_bytes / 60)).slice(0, filling_bytes),
  );
  return {
    make(random, operation) {
      const made: Record<string, string> = {};
      for (let i = 0; i < count; i++) {
        const [key, value] = ATTRIBUTES[i] as (typeof ATTRIBUTES)[number];
        made[key] = value(random, operation);
      }
      if (filling_bytes > 0) made[LAST] = random.pick(fillings);
      return made;
    },
  };
}

/** How many bytes a span of the bench has in Avro besides its own attributes. */
function bareBytes(): number {
  const [service] = benchServices();
  const writer = new AvroWriter();
  writeSpan(writer, {
    traceId: '1'.repeat(32),
    spanId: '1'.repeat(16),
    parentSpanId: '1'.repeat(16),
    startUnixNano: 1_700_000_000_000_000_000n,
    durationNano: 5_000_000n,
    kind: 2,
    statusCode: 0,
    service: service?.name ?? '',
    name: service?.operations[0] ?? '',
    traceState: '',
    flags: 257,
    statusMessage: '',
    scopeName: SCOPE.name,
    scopeVersion: SCOPE.version,
    resourceAttributes: service?.resources[0] ?? {},
    attributes: {},
    events: [],
    links: [],
  });
  return writer.length;
}

/** The tracer library that the spans say they come from. */
export const SCOPE = { name: '@opentelemetry/instrumentation-http', version: '0.52.1' } as const;

/** Key and two lengths of the attribute that fills a span up. */
const FILLING_OVERHEAD_BYTES = LAST.length + 3;

/** Attributes for spans of `span_bytes` on the mean: fewer than eight when small, the last one longer when large. */
export function attributesFor(span_bytes: number): AttributeMaker {
  const random = createRandom(0xa7);
  const writer = new AvroWriter();
  const room_bytes = span_bytes - bareBytes();
  for (let count = ATTRIBUTES.length; count > 0; count--) {
    writer.reset();
    const maker = attributeMaker(count, 0);
    for (let i = 0; i < 500; i++) {
      for (const [key, value] of Object.entries(maker.make(random, 'GET /api/v1/s1/resource1'))) {
        writer.writeString(key);
        writer.writeString(value);
      }
    }
    const left_bytes = Math.round(room_bytes - writer.length / 500 - FILLING_OVERHEAD_BYTES);
    if (left_bytes > 0) return attributeMaker(count, left_bytes);
  }
  return attributeMaker(0, 0);
}
