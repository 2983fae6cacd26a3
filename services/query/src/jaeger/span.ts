import { SPAN_KIND_NAMES, type Span, type SpanEvent } from '@spanloom/model';
import { jaegerKindOf } from './kinds';
import { type JaegerTag, stringTag, tagsOf } from './tags';

/** A reference of Jaeger's JSON. */
export interface JaegerReference {
  readonly refType: 'CHILD_OF' | 'FOLLOWS_FROM';
  readonly traceID: string;
  readonly spanID: string;
}

/** An event of Jaeger's JSON; `timestamp` in µs since 1970. */
export interface JaegerLog {
  readonly timestamp: number;
  readonly fields: readonly JaegerTag[];
}

/** A span of Jaeger's JSON; `startTime` in µs since 1970, `duration` in µs. */
export interface JaegerSpan {
  readonly traceID: string;
  readonly spanID: string;
  readonly flags: number;
  readonly operationName: string;
  readonly references: readonly JaegerReference[];
  readonly startTime: number;
  readonly duration: number;
  readonly tags: readonly JaegerTag[];
  readonly logs: readonly JaegerLog[];
  readonly processID: string;
  readonly warnings: readonly string[] | null;
}

/** The low byte of OTLP's flags is that of W3C, whose lowest bit means sampled, as in Jaeger. */
const W3C_FLAGS = 0xff;
const STATUS_ERROR = 2;

/**
 * A span in Jaeger's JSON, after OpenTelemetry's rules for exporting to Jaeger (specification,
 * "OpenTelemetry to Jaeger Transformation"): status, scope and kind become tags, links FOLLOWS_FROM.
 */
export function jaegerSpan(span: Span, processID: string): JaegerSpan {
  return {
    traceID: span.traceId,
    spanID: span.spanId,
    flags: span.flags & W3C_FLAGS,
    operationName: span.name,
    references: referencesOf(span),
    startTime: microsOf(span.startUnixNano),
    duration: microsOf(span.durationNano),
    tags: spanTags(span),
    logs: span.events.map(logOf),
    processID,
    warnings: null,
  };
}

function microsOf(nano: bigint): number {
  return Number(nano / 1000n);
}

function referencesOf(span: Span): JaegerReference[] {
  const { traceId, parentSpanId } = span;
  const parent: JaegerReference[] =
    parentSpanId === '' ? [] : [{ refType: 'CHILD_OF', traceID: traceId, spanID: parentSpanId }];
  const links = span.links.map(
    (link): JaegerReference => ({
      refType: link.attributes['opentracing.ref_type'] === 'child_of' ? 'CHILD_OF' : 'FOLLOWS_FROM',
      traceID: link.traceId,
      spanID: link.spanId,
    }),
  );
  return [...parent, ...links];
}

/** The span's own fields as tags, then its attributes; of two with one key the field counts. */
function spanTags(span: Span): JaegerTag[] {
  const fields: JaegerTag[] = [];
  const add = (key: string, value: string): void => {
    if (value !== '') fields.push(stringTag(key, value));
  };
  add('span.kind', jaegerKindOf(SPAN_KIND_NAMES[span.kind]));
  add('otel.status_code', ['', 'OK', 'ERROR'][span.statusCode] as string);
  add('otel.status_description', span.statusMessage);
  add('otel.scope.name', span.scopeName);
  add('otel.scope.version', span.scopeVersion);
  add('w3c.tracestate', span.traceState);
  if (span.statusCode === STATUS_ERROR) fields.push({ key: 'error', type: 'bool', value: true });
  return [...fields, ...tagsOf(span.attributes, new Set(fields.map(({ key }) => key)))];
}

function logOf(event: SpanEvent): JaegerLog {
  const name = event.name === '' ? [] : [stringTag('event', event.name)];
  const said = new Set(name.map(({ key }) => key));
  return {
    timestamp: microsOf(event.timeUnixNano),
    fields: [...name, ...tagsOf(event.attributes, said)],
  };
}
