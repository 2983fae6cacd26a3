import type { Attributes, SpanEvent } from '@spanloom/model';
import type { Random } from './random';
import { type Call, type Operation, SERVICES } from './topology';

const CITIES = ['Berlin', 'Zürich', 'São Paulo', '東京', 'Nairobi', 'Montréal', 'Kraków', 'İzmir'];
const TIERS = ['free', 'free', 'free', 'plus', 'business'];
const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15',
  'shop-app/8.1 (Android 14)',
  'curl/8.5.0',
];
const DEFAULT_PORT = {
  postgresql: '5432',
  mysql: '3306',
  redis: '6379',
  mongodb: '27017',
  elasticsearch: '9200',
} as const;

/** Resource attributes of one instance of a service, `service.name` among them. */
export function resourceOf(service: string, instance: number): Attributes {
  const facts = SERVICES[service];
  if (facts === undefined) throw new Error(`no such generated service: ${service}`);
  return {
    'service.name': service,
    'service.namespace': 'shop',
    'service.version': facts.version,
    'service.instance.id': `${service}-${instance}`,
    'deployment.environment.name': 'demo',
    'host.name': `node-${(instance * 7 + service.length) % 5}`,
    'k8s.pod.name': `${service}-7d9f8b6c5-${instance}x${service.length}q`,
    'telemetry.sdk.language': facts.language,
  };
}

/** What all spans of one trace share: the person behind it. */
export interface Visitor {
  readonly userId: string;
  readonly tier: string;
  readonly city: string;
  readonly agent: string;
  readonly address: string;
}

/** Makes the person behind a trace. */
export function makeVisitor(random: Random): Visitor {
  return {
    userId: `u-${random.int(1, 5000)}`,
    tier: random.pick(TIERS),
    city: random.pick(CITIES),
    agent: random.pick(AGENTS),
    address: `10.${random.int(0, 63)}.${random.int(0, 255)}.${random.int(1, 254)}`,
  };
}

function visitorAttributes(random: Random, visitor: Visitor): Attributes {
  return {
    'user.id': visitor.userId,
    'shop.user.tier': visitor.tier,
    'client.geo.city': visitor.city,
    'client.address': visitor.address,
    'thread.id': String(random.int(1, 64)),
    'shop.region': random.chance(0.7) ? 'eu-central' : 'us-east',
  };
}

/** Attributes of an operation's own span, on the serving side (`peer` empty) or on the calling one. */
export function operationAttributes(
  random: Random,
  operation: Operation,
  visitor: Visitor,
  outcome: { readonly failed: boolean; readonly peer: string },
): Attributes {
  const shared = visitorAttributes(random, visitor);
  const side: Record<string, string> =
    outcome.peer === '' ? { 'network.local.port': '8080' } : { 'peer.service': outcome.peer };
  if (operation.method === 'RPC') {
    return {
      ...shared,
      ...side,
      'rpc.system': 'grpc',
      'rpc.service': operation.name.split('/')[0] ?? '',
      'rpc.method': operation.route.split('/')[1] ?? '',
      'rpc.grpc.status_code': outcome.failed ? '13' : '0',
      'server.address': `${operation.service}.shop.svc`,
      'server.port': '8080',
    };
  }
  if (operation.method === 'MESSAGE') {
    return {
      ...shared,
      ...side,
      'messaging.system': 'kafka',
      'messaging.destination.name': operation.route,
      'messaging.operation.type': 'process',
      'messaging.kafka.offset': String(random.int(0, 9_000_000)),
      'messaging.message.body.size': String(random.int(80, 4000)),
      'messaging.message.note': '',
    };
  }
  return {
    ...shared,
    ...side,
    'http.request.method': operation.method,
    'http.route': operation.route,
    'url.path': operation.route.replace('{id}', `sku-${random.int(1, 900)}`),
    'url.query': random.chance(0.3) ? `q=${encodeURIComponent(random.pick(CITIES))}` : '',
    'http.response.status_code': outcome.failed ? '500' : '200',
    'user_agent.original': visitor.agent,
  };
}

/** Attributes of a call to a store. One in forty carries a long statement. */
export function storeAttributes(
  random: Random,
  call: Call & { via: 'store' },
  visitor: Visitor,
): Attributes {
  const long = random.chance(0.025) ? ` /* ${'tuning hint; '.repeat(random.int(20, 200))}*/` : '';
  return {
    ...visitorAttributes(random, visitor),
    'db.system.name': call.system,
    'db.namespace': 'shop',
    'db.collection.name': call.table,
    'db.operation.name': call.statement.split(' ')[0] ?? '',
    'db.query.text': call.statement + long,
    'server.address': `${call.system}.shop.svc`,
    'server.port': DEFAULT_PORT[call.system],
  };
}

/** The event that an SDK writes for a thrown error. */
export function exceptionEvent(random: Random, timeUnixNano: bigint, type: string): SpanEvent {
  const frames = Array.from(
    { length: random.int(3, 12) },
    (_, i) =>
      `    at step${i} (/srv/app/src/handler.js:${random.int(10, 400)}:${random.int(1, 80)})`,
  );
  return {
    timeUnixNano,
    name: 'exception',
    attributes: {
      'exception.type': type,
      'exception.message': `${type}: request ${random.hex(4)} was refused – “try later”`,
      'exception.stacktrace': `${type}\n${frames.join('\n')}`,
    },
  };
}

/** A small note such as applications write between. */
export function noteEvent(random: Random, timeUnixNano: bigint): SpanEvent {
  const name = random.pick(['cache.miss', 'retry', 'lock.acquired', 'feature.evaluated']);
  return {
    timeUnixNano,
    name,
    attributes: random.chance(0.3) ? {} : { attempt: String(random.int(1, 3)), key: random.hex(3) },
  };
}
