import type { Span, SpanLink } from '@spanloom/model';
import { makeVisitor, operationAttributes, storeAttributes } from './attributes';
import { OPERATIONS } from './operations';
import type { Random } from './random';
import { draft, type Site, type SlowInstance, slownessMs } from './span';
import { type Call, ENTRIES, type Operation } from './topology';

const MS = 1_000_000;
/** Share of operations that are slow outliers, and the longest that one works by itself. */
const SLOW_CHANCE = 0.006;
const SLOW_MS_MAX = 4000;
const DEPTH_MAX = 24;

/** One request through the generated shop. */
export interface GeneratedTrace {
  readonly traceId: string;
  /** In the order in which they were begun; the first is the root. */
  readonly spans: readonly Span[];
}

interface Visit {
  readonly end: number;
  readonly failed: boolean;
}

/**
 * Builds one trace from a source of numbers.
 *
 * @param startUnixNano when the root begins
 * @param linkTo a span of an earlier trace that batch jobs refer to
 * @param slowInstance an instance that is slow, if any is
 */
export function buildTrace(
  random: Random,
  startUnixNano: bigint,
  linkTo: SpanLink | null,
  slowInstance?: SlowInstance,
): GeneratedTrace {
  const traceId = random.hex(16);
  const site: Site = {
    random,
    traceId,
    origin: startUnixNano,
    visitor: makeVisitor(random),
    instances: new Map(),
    spans: [],
    slowInstance,
  };
  const entry = operationOf(pickEntry(random));
  const links = linkTo !== null && entry.method === 'MESSAGE' ? [linkTo] : [];
  visitOperation(site, entry, { parent: '', start: 0, depth: 0, links });
  return { traceId, spans: site.spans };
}

function pickEntry(random: Random): string {
  const total = ENTRIES.reduce((sum, [, weight]) => sum + weight, 0);
  let left = random.unit() * total;
  for (const [key, weight] of ENTRIES) {
    left -= weight;
    if (left < 0) return key;
  }
  return 'web.home';
}

function operationOf(key: string): Operation {
  const operation = OPERATIONS[key];
  if (operation === undefined) throw new Error(`no such generated operation: ${key}`);
  return operation;
}

/** Runs an operation's own span and everything below it; children are drafted before it ends. */
function visitOperation(
  site: Site,
  operation: Operation,
  at: { parent: string; start: number; depth: number; links: readonly SpanLink[] },
): Visit {
  const { random } = site;
  const spanId = random.hex(8);
  const slow = random.chance(SLOW_CHANCE) ? random.int(15, 60) : 1;
  const selfMs = Math.min(random.logNormal(operation.selfMs, operation.spread) * slow, SLOW_MS_MAX);
  const self = Math.max(1000, Math.round(selfMs * MS));
  let failed = random.chance(operation.errors);
  const slowness = Math.round(slownessMs(site, operation.service) * MS);
  let cursor = at.start + Math.floor(self * 0.3) + slowness;
  if (operation.internal !== '') {
    const end = cursor + Math.floor(self * 0.5);
    draft(site, {
      service: operation.service,
      name: operation.internal,
      kind: 1,
      parent: spanId,
      spanId: random.hex(8),
      start: cursor,
      end,
      failed,
      attributes: {
        'thread.id': String(random.int(1, 64)),
        'code.function.name': operation.internal,
      },
    });
    cursor = end;
  }
  for (const call of failed || at.depth > DEPTH_MAX ? [] : operation.calls) {
    if (!random.chance(call.chance)) continue;
    const done = visitCall(site, operation, call, { spanId, start: cursor, depth: at.depth });
    cursor = Math.max(cursor, done.end);
    if (done.failed && random.chance(0.6)) failed = true;
  }
  const end = cursor + Math.ceil(self * 0.2);
  draft(site, {
    service: operation.service,
    name: operation.name,
    kind: operation.method === 'MESSAGE' ? 5 : 2,
    parent: at.parent,
    spanId,
    start: at.start,
    end,
    failed,
    attributes: operationAttributes(random, operation, site.visitor, { failed, peer: '' }),
    links: at.links,
  });
  return { end, failed };
}

function visitCall(
  site: Site,
  caller: Operation,
  call: Call,
  at: { spanId: string; start: number; depth: number },
): Visit {
  let end = at.start;
  let failed = false;
  const times = site.random.int(call.times[0], call.times[1]);
  for (let i = 0; i < times; i++) {
    const side = call.via === 'rpc' && call.parallel;
    const from = { ...at, start: side ? at.start + i * 40_000 : end };
    const done =
      call.via === 'rpc'
        ? visitRpc(site, caller, call.to, from)
        : call.via === 'queue'
          ? visitQueue(site, caller, call, from)
          : visitStore(site, caller, call, from);
    end = Math.max(end, done.end);
    failed ||= done.failed;
  }
  return { end, failed };
}

function visitRpc(
  site: Site,
  caller: Operation,
  to: string,
  at: { spanId: string; start: number; depth: number },
): Visit {
  const { random } = site;
  const callee = operationOf(to);
  const spanId = random.hex(8);
  const there = Math.round(random.logNormal(0.15, 0.5) * MS);
  const back = Math.round(random.logNormal(0.15, 0.5) * MS);
  const served = visitOperation(site, callee, {
    parent: spanId,
    start: at.start + there,
    depth: at.depth + 1,
    links: [],
  });
  const end = served.end + back;
  const outcome = { failed: served.failed, peer: callee.service };
  draft(site, {
    service: caller.service,
    name: callee.name,
    kind: 3,
    parent: at.spanId,
    spanId,
    start: at.start,
    end,
    failed: served.failed,
    attributes: operationAttributes(random, callee, site.visitor, outcome),
  });
  return { end, failed: served.failed };
}

/** A message: the sender goes on at once, the receiver begins later and refers back by a link. */
function visitQueue(
  site: Site,
  caller: Operation,
  call: Call & { via: 'queue' },
  at: { spanId: string; start: number; depth: number },
): Visit {
  const { random } = site;
  const callee = operationOf(call.to);
  const spanId = random.hex(8);
  const end = at.start + Math.round(random.logNormal(0.8, 0.4) * MS);
  draft(site, {
    service: caller.service,
    name: `${call.topic} send`,
    kind: 4,
    parent: at.spanId,
    spanId,
    start: at.start,
    end,
    failed: false,
    attributes: {
      'messaging.system': 'kafka',
      'messaging.destination.name': call.topic,
      'messaging.operation.type': 'send',
      'messaging.message.id': random.hex(8),
    },
  });
  visitOperation(site, callee, {
    parent: spanId,
    start: end + Math.round(random.logNormal(25, 0.9) * MS),
    depth: at.depth + 1,
    links: [
      { traceId: site.traceId, spanId, traceState: '', attributes: { 'link.kind': 'message' } },
    ],
  });
  return { end, failed: false };
}

function visitStore(
  site: Site,
  caller: Operation,
  call: Call & { via: 'store' },
  at: { spanId: string; start: number },
): Visit {
  const { random } = site;
  const slow = random.chance(SLOW_CHANCE / 2) ? random.int(20, 100) : 1;
  const ms = Math.min(random.logNormal(call.medianMs, 0.6) * slow, SLOW_MS_MAX);
  const end = at.start + Math.max(1000, Math.round(ms * MS));
  const failed = random.chance(0.0015);
  draft(site, {
    service: caller.service,
    name: `${call.statement.split(' ')[0]} ${call.table}`,
    kind: 3,
    parent: at.spanId,
    spanId: random.hex(8),
    start: at.start,
    end,
    failed,
    attributes: storeAttributes(random, call, site.visitor),
  });
  return { end, failed };
}
