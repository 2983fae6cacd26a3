import type { Attributes, Span, SpanEvent, SpanKind, SpanLink } from '@spanloom/model';
import { exceptionEvent, noteEvent, resourceOf, type Visitor } from './attributes';
import type { Random } from './random';
import { SERVICES } from './topology';

/** One instance that is slower than the others of its service. */
export interface SlowInstance {
  readonly service: string;
  /** From 0. */
  readonly instance: number;
  /** Spent by each of its operations before it does anything, ms. */
  readonly ms: number;
}

/** One trace while it is built. */
export interface Site {
  readonly random: Random;
  readonly traceId: string;
  readonly origin: bigint;
  readonly visitor: Visitor;
  readonly instances: Map<string, Attributes>;
  readonly spans: Span[];
  readonly slowInstance: SlowInstance | undefined;
}

/** What differs from span to span. */
export interface Draft {
  readonly service: string;
  readonly name: string;
  readonly kind: SpanKind;
  readonly parent: string;
  readonly spanId: string;
  /** Nanoseconds since the trace's origin. */
  readonly start: number;
  readonly end: number;
  readonly failed: boolean;
  readonly attributes: Attributes;
  readonly links?: readonly SpanLink[];
}

/** Finishes a span: its times, outcome, events and resource; and adds it to the trace. */
export function draft(site: Site, span: Draft): void {
  const { random } = site;
  const start = site.origin + BigInt(span.start);
  const duration = span.end - span.start;
  const events: SpanEvent[] = [];
  if (span.kind !== 3 && random.chance(0.12)) {
    events.push(noteEvent(random, start + BigInt(Math.floor(duration * random.unit()))));
  }
  if (span.failed) {
    events.push(exceptionEvent(random, start + BigInt(duration), `${span.service}.Refused`));
  }
  const resource = resourceIn(site, span.service);
  site.spans.push({
    traceId: site.traceId,
    spanId: span.spanId,
    parentSpanId: span.parent,
    startUnixNano: start,
    durationNano: BigInt(duration),
    kind: span.kind,
    statusCode: span.failed ? 2 : span.kind === 2 && random.chance(0.05) ? 1 : 0,
    service: span.service,
    name: span.name,
    traceState: site.visitor.tier === 'business' ? 'shop=priority' : '',
    flags: 0x101,
    statusMessage: span.failed ? `${span.name} failed` : '',
    scopeName: SERVICES[span.service]?.scope ?? '',
    scopeVersion: '1.2.0',
    resourceAttributes: resource,
    attributes: span.attributes,
    events,
    links: span.links ?? [],
  });
}

/** The resource of the instance that serves this trace, chosen when the service is first met. */
function resourceIn(site: Site, service: string): Attributes {
  let resource = site.instances.get(service);
  if (resource === undefined) {
    const instances = SERVICES[service]?.instances ?? 1;
    resource = instanceResource(service, site.random.int(0, instances - 1));
    site.instances.set(service, resource);
  }
  return resource;
}

/** What an operation of the service takes more in this trace, ms. */
export function slownessMs(site: Site, service: string): number {
  const slow = site.slowInstance;
  if (slow?.service !== service) return 0;
  const id = resourceIn(site, service)['service.instance.id'];
  return id === `${service}-${slow.instance}` ? slow.ms : 0;
}

const resources = new Map<string, Attributes>();

/** The same object for the same instance, so that spans can be grouped by identity. */
function instanceResource(service: string, instance: number): Attributes {
  const key = `${service}/${instance}`;
  let resource = resources.get(key);
  if (resource === undefined) {
    resource = resourceOf(service, instance);
    resources.set(key, resource);
  }
  return resource;
}
