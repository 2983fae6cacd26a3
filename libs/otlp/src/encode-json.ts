import type { Attributes, Span } from '@spanloom/model';
import { groupSpans } from './span-groups';

/** Encodes spans as an ExportTraceServiceRequest in OTLP/JSON; all attribute values are strings. */
export function encodeOtlpJson(spans: readonly Span[]): string {
  const resourceSpans = groupSpans(spans).map((group) => ({
    resource: { attributes: attributesJson(group.resourceAttributes) },
    scopeSpans: [
      {
        scope: { name: group.scopeName, version: group.scopeVersion },
        spans: group.spans.map(spanJson),
      },
    ],
  }));
  return JSON.stringify({ resourceSpans });
}

function spanJson(span: Span): Readonly<Record<string, unknown>> {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    traceState: span.traceState,
    name: span.name,
    kind: span.kind,
    flags: span.flags,
    startTimeUnixNano: span.startUnixNano.toString(),
    endTimeUnixNano: (span.startUnixNano + span.durationNano).toString(),
    attributes: attributesJson(span.attributes),
    events: span.events.map((event) => ({
      timeUnixNano: event.timeUnixNano.toString(),
      name: event.name,
      attributes: attributesJson(event.attributes),
    })),
    links: span.links.map((link) => ({
      traceId: link.traceId,
      spanId: link.spanId,
      traceState: link.traceState,
      attributes: attributesJson(link.attributes),
    })),
    status: { code: span.statusCode, message: span.statusMessage },
  };
}

function attributesJson(attributes: Attributes): readonly unknown[] {
  return Object.entries(attributes).map(([key, text]) => ({ key, value: { stringValue: text } }));
}
