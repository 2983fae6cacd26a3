import type { Span } from '@spanloom/model';
import { type JaegerSpan, jaegerSpan } from './span';
import { type JaegerTag, tagsOf } from './tags';

/** A process of Jaeger's JSON: a service with the attributes of its resource. */
export interface JaegerProcess {
  readonly serviceName: string;
  readonly tags: readonly JaegerTag[];
}

/** A trace of Jaeger's JSON. It always has a span: Grafana cannot take one without. */
export interface JaegerTrace {
  readonly traceID: string;
  readonly spans: readonly JaegerSpan[];
  readonly processes: Readonly<Record<string, JaegerProcess>>;
  readonly warnings: readonly string[] | null;
  /** Not Jaeger's: whether some of the spans are in an open window. Only where traces were asked for by id. */
  readonly open?: boolean;
}

const SAID_BY_SERVICE_NAME: ReadonlySet<string> = new Set(['service.name']);

/** Traces of spans, in the order in which each trace first comes up. */
export function jaegerTraces(spans: readonly Span[]): JaegerTrace[] {
  const byTrace = new Map<string, Span[]>();
  for (const span of spans) {
    const found = byTrace.get(span.traceId);
    if (found === undefined) byTrace.set(span.traceId, [span]);
    else found.push(span);
  }
  return [...byTrace].map(([traceID, own]) => jaegerTrace(traceID, own));
}

function jaegerTrace(traceID: string, spans: readonly Span[]): JaegerTrace {
  const names = new Map<string, string>();
  const processes: Record<string, JaegerProcess> = {};
  const processOf = (span: Span): string => {
    const identity = JSON.stringify([span.service, span.resourceAttributes]);
    const known = names.get(identity);
    if (known !== undefined) return known;
    const name = `p${names.size + 1}`;
    names.set(identity, name);
    const tags = tagsOf(span.resourceAttributes, SAID_BY_SERVICE_NAME);
    processes[name] = { serviceName: span.service, tags };
    return name;
  };
  return {
    traceID,
    spans: spans.map((span) => jaegerSpan(span, processOf(span))),
    processes,
    warnings: null,
  };
}

/** The traces with a warning on the last one. */
export function withLastWarning(traces: readonly JaegerTrace[], warning: string): JaegerTrace[] {
  return traces.map((trace, i) =>
    i === traces.length - 1 ? { ...trace, warnings: [...(trace.warnings ?? []), warning] } : trace,
  );
}
