import type { Attributes, Span, SpanEvent, SpanKind, SpanLink } from '@spanloom/model';
import { exceptionEvent, noteEvent, resourceOf, type Visitor } from './attributes';
import type { Random } from './random';
import { SERVICES } from './topology';

/** One trace while it is built. */
export interface Site {
  readonly random: Random;
  readonly traceId: string;
  readonly origin: bigint;
  readonly visitor: Visitor;
  readonly instances: Map<string, Attributes>;
  readonly spans: Span[];
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
  let resource = site.instances.get(span.service);
  if (resource === undefined) {
    const instances = SERVICES[span.service]?.instances ?? 1;
    resource = instanceResource(span.service, random.int(0, instances - 1));
    site.instances.set(span.service, resource);
  }
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
