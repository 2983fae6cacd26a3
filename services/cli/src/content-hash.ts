import { createHash } from 'node:crypto';
import type { Attributes, Span } from '@spanloom/model';

/** A 64-bit hash in two halves. */
export interface ContentHash {
  readonly hi: number;
  readonly lo: number;
}

/**
 * Hashes everything that a span holds: two spans have the same hash when no field, attribute, event or
 * link differs. The order of attributes does not count, and `service.name` counts once, as the service.
 */
export function hashSpan(span: Span): ContentHash {
  const { events, links } = span;
  const text = JSON.stringify([
    span.traceId,
    span.spanId,
    span.parentSpanId,
    span.startUnixNano.toString(),
    span.durationNano.toString(),
    span.kind,
    span.statusCode,
    span.service,
    span.name,
    span.traceState,
    span.flags,
    span.statusMessage,
    span.scopeName,
    span.scopeVersion,
    resourceEntries(span.resourceAttributes),
    sortedEntries(span.attributes),
    events.map((e) => [e.timeUnixNano.toString(), e.name, sortedEntries(e.attributes)]),
    links.map((l) => [l.traceId, l.spanId, l.traceState, sortedEntries(l.attributes)]),
  ]);
  const digest = createHash('sha1').update(text).digest();
  return { hi: digest.readUInt32BE(0), lo: digest.readUInt32BE(4) };
}

const known = new WeakMap<Attributes, readonly unknown[]>();

/** Many spans share one resource object. */
function resourceEntries(attributes: Attributes): readonly unknown[] {
  let entries = known.get(attributes);
  if (entries === undefined) {
    entries = sortedEntries(attributes).filter(([key]) => key !== 'service.name');
    known.set(attributes, entries);
  }
  return entries;
}

function sortedEntries(attributes: Attributes): readonly (readonly [string, string])[] {
  return Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
