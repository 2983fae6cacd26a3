import { SPAN_KIND_NAMES, type Span, STATUS_CODE_NAMES } from '@spanloom/model';

/** A span's place: the columns that Spanloom adds. */
export interface Place {
  readonly partition: number;
  readonly seq: number;
  readonly storedAtS: number;
}

type Pairs = [string, string][];
const pairsOf = (attributes: Readonly<Record<string, string>>): Pairs => Object.entries(attributes);

/** One row of `otel_traces` as plain values, by column in the order of SPAN_COLUMNS. */
export function expectedRow(span: Span, place: Place): unknown[] {
  return [
    span.traceId,
    span.spanId,
    span.parentSpanId,
    span.startUnixNano,
    span.durationNano,
    SPAN_KIND_NAMES[span.kind],
    STATUS_CODE_NAMES[span.statusCode],
    span.service,
    span.name,
    span.traceState,
    span.flags >>> 0,
    span.statusMessage,
    span.scopeName,
    span.scopeVersion,
    pairsOf(span.resourceAttributes),
    pairsOf(span.attributes),
    span.events.map((event) => event.timeUnixNano),
    span.events.map((event) => event.name),
    span.events.map((event) => pairsOf(event.attributes)),
    span.links.map((link) => link.traceId),
    span.links.map((link) => link.spanId),
    span.links.map((link) => link.traceState),
    span.links.map((link) => pairsOf(link.attributes)),
    place.partition,
    BigInt(place.seq),
    place.storedAtS,
  ];
}
