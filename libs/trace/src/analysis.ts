import type { Span } from '@spanloom/model';
import { type EdgeKey, edgeOf } from './edge';
import { errorOrigin } from './error-origin';
import { type Peer, peerOf } from './peer';
import { completeness, isComplete, TraceAnalyzer } from './trace-analyzer';

/** What a trace comes to. Times are ns, since 1970 where they are points in time. */
export interface TraceAnalysis {
  /** Index of the root in the spans given; null without spans. */
  readonly root: number | null;
  /** From the earliest start to the latest end, as the spans say. */
  readonly startUnixNano: bigint;
  readonly durationNano: number;
  readonly spanCount: number;
  readonly errorCount: number;
  readonly services: readonly ServiceShare[];
  readonly depth: number;
  readonly rootCount: number;
  readonly orphanCount: number;
  readonly missingParentCount: number;
  readonly cutCount: number;
  readonly isComplete: boolean;
  readonly completeness: number;
  readonly criticalPath: readonly PathSection[];
  /** Time on the critical path per service and operation, the longest first. */
  readonly exclusive: readonly OperationShare[];
  readonly skewedEdges: readonly SkewedEdge[];
  readonly errorOrigin: number | null;
  readonly errorOriginCount: number;
  readonly calls: readonly Call[];
  readonly spans: readonly AnalyzedSpan[];
}

export interface ServiceShare {
  readonly service: string;
  readonly spans: number;
  readonly errors: number;
}

export interface OperationShare {
  readonly service: string;
  readonly operation: string;
  readonly exclusiveNano: number;
}

/** A stretch of the critical path in time order, on the corrected clock. */
export interface PathSection {
  readonly span: number;
  readonly startUnixNano: bigint;
  readonly durationNano: number;
}

/** A caller and a callee whose clocks disagree. */
export interface SkewedEdge {
  readonly caller: number;
  readonly callee: number;
  /** What the callee's clock shows more than the caller's, ns: negative when it is slow. */
  readonly skewNano: number;
}

/** One call between services; indices of spans, null where there is none. */
export interface Call extends EdgeKey {
  readonly caller: number | null;
  readonly callee: number | null;
  readonly failed: boolean;
}

/** What was found out about one span; in the order of the spans given. */
export interface AnalyzedSpan {
  readonly parent: number | null;
  readonly depth: number;
  /** The start on the root's clock; differs from the span's own where a clock was found to be off. */
  readonly correctedStartUnixNano: bigint;
  /** Time on the critical path in the span itself. */
  readonly exclusiveNano: number;
}

/** Analyses the spans of one trace, given in any order. */
export function analyzeTrace(given: readonly Span[]): TraceAnalysis {
  const analyzer = new TraceAnalyzer();
  const names = fill(analyzer, given);
  analyzer.run();
  const { spans, tree, skew } = analyzer;
  const origin = errorOrigin(spans, tree, skew.offset);
  let start = Number.POSITIVE_INFINITY;
  let end = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < spans.count; i++) {
    const from = spans.start[i] as number;
    start = Math.min(start, from);
    end = Math.max(end, from + (spans.duration[i] as number));
  }
  return {
    root: indexOrNull(tree.root),
    startUnixNano: spans.count === 0 ? 0n : spans.unixNano(start),
    durationNano: spans.count === 0 ? 0 : end - start,
    spanCount: spans.count,
    errorCount: origin.errorCount,
    services: shares(given, names),
    depth: tree.depthMax,
    rootCount: tree.rootCount,
    orphanCount: tree.orphanCount,
    missingParentCount: tree.missingParentCount,
    cutCount: tree.cutCount,
    isComplete: isComplete(tree),
    completeness: completeness(spans, tree),
    criticalPath: sections(analyzer),
    exclusive: exclusive(analyzer, given),
    skewedEdges: skewedEdges(analyzer),
    errorOrigin: indexOrNull(origin.span),
    errorOriginCount: origin.originCount,
    calls: callsOf(analyzer, given),
    spans: analyzedSpans(analyzer),
  };
}

const indexOrNull = (index: number): number | null => (index < 0 ? null : index);

/** Adds spans as objects to the columns; gives the services by their numbers. */
export function fill(analyzer: TraceAnalyzer, given: readonly Span[]): readonly string[] {
  const services = new Map<string, number>();
  const ids = Buffer.alloc(16);
  analyzer.begin();
  for (const span of given) {
    ids.fill(0);
    ids.write(span.spanId, 0, 8, 'hex');
    ids.write(span.parentSpanId, 8, 8, 'hex');
    const service = services.get(span.service) ?? services.size;
    services.set(span.service, service);
    const startLo = Number(span.startUnixNano & 0xffffffffn);
    const startHi = Number(span.startUnixNano >> 32n);
    analyzer.spans.setIds(ids, 0, 8);
    const { kind, statusCode } = span;
    analyzer.spans.add(startLo, startHi, Number(span.durationNano), kind, statusCode, service);
  }
  return [...services.keys()];
}

function shares(given: readonly Span[], names: readonly string[]): readonly ServiceShare[] {
  const spans = new Map<string, number>();
  const errors = new Map<string, number>();
  for (const { service, statusCode } of given) {
    spans.set(service, (spans.get(service) ?? 0) + 1);
    if (statusCode === 2) errors.set(service, (errors.get(service) ?? 0) + 1);
  }
  return names.map((service) => ({
    service,
    spans: spans.get(service) ?? 0,
    errors: errors.get(service) ?? 0,
  }));
}

function sections({ spans, path }: TraceAnalyzer): readonly PathSection[] {
  const found: PathSection[] = [];
  for (let at = path.sectionCount - 1; at >= 0; at--) {
    const start = path.sectionStart[at] as number;
    found.push({
      span: path.sectionSpan[at] as number,
      startUnixNano: spans.unixNano(start),
      durationNano: (path.sectionEnd[at] as number) - start,
    });
  }
  return found;
}

function exclusive({ path }: TraceAnalyzer, given: readonly Span[]): readonly OperationShare[] {
  const found = new Map<string, OperationShare>();
  for (let at = 0; at < path.spanCount; at++) {
    const i = path.pathSpans[at] as number;
    const { service, name: operation } = given[i] as Span;
    const key = JSON.stringify([service, operation]);
    const before = found.get(key)?.exclusiveNano ?? 0;
    const exclusiveNano = before + (path.exclusive[i] as number);
    found.set(key, { service, operation, exclusiveNano });
  }
  return [...found.values()]
    .filter(({ exclusiveNano }) => exclusiveNano > 0)
    .sort(
      (a, b) =>
        b.exclusiveNano - a.exclusiveNano ||
        compareTexts(a.service, b.service) ||
        compareTexts(a.operation, b.operation),
    );
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function skewedEdges({ spans, tree, skew }: TraceAnalyzer): readonly SkewedEdge[] {
  const found: SkewedEdge[] = [];
  for (let callee = 0; callee < spans.count; callee++) {
    if (!skew.isEdge(callee)) continue;
    const caller = tree.parent[callee] as number;
    const skewNano = (skew.offset[caller] as number) - (skew.offset[callee] as number);
    found.push({ caller, callee, skewNano });
  }
  return found;
}

function callsOf({ spans, calls }: TraceAnalyzer, given: readonly Span[]): readonly Call[] {
  const found: Call[] = [];
  const serviceOf = (i: number): string | null => given[i]?.service ?? null;
  for (let at = 0; at < calls.count; at++) {
    const caller = calls.caller[at] as number;
    const callee = calls.callee[at] as number;
    const peer = caller >= 0 && callee >= 0 ? null : peerOfSpan(given[calls.at(at)] as Span);
    found.push({
      caller: indexOrNull(caller),
      callee: indexOrNull(callee),
      ...edgeOf(spans, calls, at, serviceOf(caller), serviceOf(callee), peer),
      failed: calls.hasFailed(spans, at),
    });
  }
  return found;
}

function peerOfSpan(span: Span): Peer | null {
  return peerOf((attribute) => span.attributes[attribute]);
}

function analyzedSpans({ spans, tree, skew, path }: TraceAnalyzer): readonly AnalyzedSpan[] {
  const onPath = new Set(path.pathSpans.subarray(0, path.spanCount));
  return Array.from({ length: spans.count }, (_, i) => ({
    parent: indexOrNull(tree.parent[i] as number),
    depth: tree.depth[i] as number,
    correctedStartUnixNano: spans.unixNano((spans.start[i] as number) + (skew.offset[i] as number)),
    exclusiveNano: onPath.has(i) ? (path.exclusive[i] as number) : 0,
  }));
}
