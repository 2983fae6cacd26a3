import { createRandom, type Random } from '@spanloom/cli';
import type { Span, SpanKind } from '@spanloom/model';
import { attributesFor, type BenchService, benchServices, SCOPE } from './attributes';
import type { SpanShape } from './shape';

/** Gives the spans of a run, one after the other. */
export interface SpanSource {
  /** The next span; null after the last. `atUnixNano` becomes its start. */
  next(atUnixNano: bigint): Span | null;
  /** Traces begun so far. */
  traces(): number;
}

interface OpenTrace {
  readonly traceId: string;
  /** Ids of its spans; the first is the root's. */
  readonly spanIds: readonly string[];
  readonly firstService: number;
  /** Spans still to come: children first, the root last, as they end. */
  left: number;
}

const MEDIAN_NANO = 4_000_000;

/** Makes a {@link SpanSource}: the spans of `open_traces` traces at a time come mixed, each trace's children first. */
export function createSpanSource(shape: SpanShape): SpanSource {
  const random = createRandom(shape.seed, 0xbe);
  const services = benchServices();
  const attributes = attributesFor(shape.span_bytes);
  const open: OpenTrace[] = [];
  let promised = 0;
  let traces = 0;

  function openTrace(): void {
    const spans = Math.min(shape.trace_spans, shape.spans - promised);
    if (spans === 0) return;
    promised += spans;
    traces++;
    open.push({
      traceId: random.hex(16),
      spanIds: Array.from({ length: spans }, () => random.hex(8)),
      firstService: random.int(0, services.length - 1),
      left: spans,
    });
  }

  return {
    traces: () => traces,
    next(atUnixNano) {
      while (open.length < shape.open_traces && promised < shape.spans) openTrace();
      if (open.length === 0) return null;
      const at = random.int(0, open.length - 1);
      const trace = open[at] as OpenTrace;
      const place = --trace.left;
      if (place === 0) {
        const last = open.pop() as OpenTrace;
        if (at < open.length) open[at] = last;
      }
      const service = services[(trace.firstService + place) % services.length] as BenchService;
      return spanOf(trace, place, service, atUnixNano);
    },
  };

  function spanOf(trace: OpenTrace, place: number, service: BenchService, at: bigint): Span {
    const name = random.pick(service.operations);
    const failed = random.chance(0.02);
    return {
      traceId: trace.traceId,
      spanId: trace.spanIds[place] as string,
      parentSpanId: parentOf(trace, place, random, shape.rooted),
      startUnixNano: at,
      durationNano: BigInt(Math.round(random.logNormal(MEDIAN_NANO, 1))),
      kind: random.int(1, 3) as SpanKind,
      statusCode: failed ? 2 : 0,
      service: service.name,
      name,
      traceState: '',
      flags: 257,
      statusMessage: failed ? 'deadline exceeded' : '',
      scopeName: SCOPE.name,
      scopeVersion: SCOPE.version,
      resourceAttributes: random.pick(service.resources),
      attributes: attributes.make(random, name),
      events: [],
      links: [],
    };
  }
}

function parentOf(trace: OpenTrace, place: number, random: Random, rooted: boolean): string {
  if (place > 0) return trace.spanIds[random.int(0, place - 1)] as string;
  return rooted ? '' : 'ffffffffffffffff';
}
