import type { Attributes, Span } from '@spanloom/model';

/** Spans that share a resource and a scope. */
export interface SpanGroup {
  readonly resourceAttributes: Attributes;
  readonly scopeName: string;
  readonly scopeVersion: string;
  readonly spans: readonly Span[];
}

/**
 * Groups spans as OTLP holds them, in order of first appearance. A resource without `service.name`
 * gets the span's service.
 */
export function groupSpans(spans: readonly Span[]): readonly SpanGroup[] {
  const groups = new Map<string, { first: Span; spans: Span[] }>();
  for (const span of spans) {
    const { service, resourceAttributes, scopeName, scopeVersion } = span;
    const entries = Object.entries(resourceAttributes);
    const key = JSON.stringify([service, scopeName, scopeVersion, entries]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { first: span, spans: [span] });
    else group.spans.push(span);
  }
  return [...groups.values()].map(({ first, spans: members }) => ({
    resourceAttributes: withService(first),
    scopeName: first.scopeName,
    scopeVersion: first.scopeVersion,
    spans: members,
  }));
}

function withService(span: Span): Attributes {
  const { service, resourceAttributes } = span;
  if (service === '' || Object.hasOwn(resourceAttributes, 'service.name')) {
    return resourceAttributes;
  }
  return { 'service.name': service, ...resourceAttributes };
}
