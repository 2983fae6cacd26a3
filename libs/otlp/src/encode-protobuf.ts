import type { Attributes, Span, SpanEvent, SpanLink } from '@spanloom/model';
import { ReverseWriter } from './reverse-writer';
import { groupSpans, type SpanGroup } from './span-groups';

/** Encodes spans as an ExportTraceServiceRequest in protobuf; all attribute values are strings. */
export function encodeOtlpRequest(spans: readonly Span[]): Buffer {
  const out = new ReverseWriter(256 + spans.length * 512);
  for (const group of reversed(groupSpans(spans))) out.message(10, () => writeGroup(out, group));
  return out.take();
}

// A message is written from its end to its start, so that each length is known when it is due:
// the last field first, the last element of a list first.

function reversed<T>(items: readonly T[]): readonly T[] {
  return [...items].reverse();
}

function writeGroup(out: ReverseWriter, group: SpanGroup): void {
  out.message(18, () => {
    for (const span of reversed(group.spans)) out.message(18, () => writeSpan(out, span));
    out.message(10, () => {
      out.text(18, group.scopeVersion);
      out.text(10, group.scopeName);
    });
  });
  out.message(10, () => writeAttributes(out, 10, group.resourceAttributes));
}

function writeSpan(out: ReverseWriter, span: Span): void {
  if (span.flags !== 0) out.fixed32(133, span.flags);
  if (span.statusCode !== 0 || span.statusMessage !== '') {
    out.message(122, () => {
      if (span.statusCode !== 0) out.integer(24, span.statusCode);
      out.text(18, span.statusMessage);
    });
  }
  for (const link of reversed(span.links)) out.message(106, () => writeLink(out, link));
  for (const event of reversed(span.events)) out.message(90, () => writeEvent(out, event));
  writeAttributes(out, 74, span.attributes);
  out.fixed64(65, span.startUnixNano + span.durationNano);
  out.fixed64(57, span.startUnixNano);
  if (span.kind !== 0) out.integer(48, span.kind);
  out.text(42, span.name);
  out.hex(34, span.parentSpanId);
  out.text(26, span.traceState);
  out.hex(18, span.spanId);
  out.hex(10, span.traceId);
}

function writeEvent(out: ReverseWriter, event: SpanEvent): void {
  writeAttributes(out, 26, event.attributes);
  out.text(18, event.name);
  out.fixed64(9, event.timeUnixNano);
}

function writeLink(out: ReverseWriter, link: SpanLink): void {
  writeAttributes(out, 34, link.attributes);
  out.text(26, link.traceState);
  out.hex(18, link.spanId);
  out.hex(10, link.traceId);
}

function writeAttributes(out: ReverseWriter, tag: number, attributes: Attributes): void {
  for (const key of reversed(Object.keys(attributes))) {
    out.message(tag, () => {
      out.message(18, () => out.string(10, attributes[key] as string));
      out.text(10, key);
    });
  }
}
