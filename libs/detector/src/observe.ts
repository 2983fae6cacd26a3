import type { SpanScanner } from '@spanloom/avro';
import { SeriesNames, type SeriesName as SpanName } from '@spanloom/sketch';
import { ClockSkew, SelfTime, STATUS_ERROR, TraceSpans, TraceTree } from '@spanloom/trace';
import type { Gatherer, TraceSeries } from './gather';
import { PANE_S, type SeriesName, selfTimeBucket, seriesKey } from './self-time-pane';

/** The last second that a ClickHouse DateTime can say. */
const DATE_TIME_MAX = 0xffffffff;
/** Hashes below are not of children: see Shape. */
const CHILDREN_MIN = 2;

/** What follows from a span's name, worked out once. */
interface Interned {
  readonly key: string;
  /** Of service and operation. */
  readonly hash: number;
  /** The series by the service that is called. */
  readonly series: Map<string, SeriesName>;
}

interface Edge {
  readonly key: string;
  readonly name: SeriesName;
}

/** Edges remembered; beyond, they are worked out anew. */
const EDGES_MAX = 10_000;

interface Found extends TraceSeries {
  readonly buckets: number[];
  slowestNano: number;
  failed: boolean;
  readonly shapes: Set<number>;
}

/** Turns the spans of fragments into what they show of each series: pure, and reused from fragment to fragment. */
export class FragmentObserver {
  private readonly spans = new TraceSpans();
  private readonly tree = new TraceTree();
  private readonly skew = new ClockSkew();
  private readonly self = new SelfTime();
  private readonly names: SeriesNames;
  private readonly ofSpan: SpanName[] = [];
  private readonly services = new Map<string, number>();
  private readonly found = new Map<string, Found>();
  private readonly interned = new WeakMap<SpanName, Interned>();
  private readonly edges = new Map<string, Map<string, Edge>>();
  private edgeCount = 0;
  private readonly hashes = new Set<number>();

  /** @param template take ids out of operation names */
  constructor(template: boolean) {
    this.names = new SeriesNames({ template });
  }

  begin(): void {
    this.spans.reset();
    this.ofSpan.length = 0;
    this.services.clear();
  }

  /** Adds the span that the scanner found last. */
  add(scanner: SpanScanner): void {
    const name = this.names.name(this.names.find(scanner));
    const service = this.services.get(name.service) ?? this.services.size;
    this.services.set(name.service, service);
    this.spans.setIds(scanner.buffer, scanner.spanIdAt, scanner.parentIdAt);
    const { startLo, startHi, durationNano, kind, statusCode } = scanner;
    this.ofSpan[this.spans.add(startLo, startHi, durationNano, kind, statusCode, service)] = name;
  }

  /** Adds what the spans since {@link begin} show to the pane in which the last of them ended. */
  finish(traceId: string, into: Gatherer): void {
    const { spans, tree, skew } = this;
    if (spans.count === 0) return;
    tree.build(spans);
    skew.build(spans, tree);
    this.self.build(spans, tree, skew.offset);
    this.found.clear();
    let start = Number.POSITIVE_INFINITY;
    let end = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < spans.count; i++) {
      const from = (spans.start[i] as number) + (skew.offset[i] as number);
      start = Math.min(start, from);
      end = Math.max(end, from + (spans.duration[i] as number));
      this.addSpan(i);
    }
    const endS = Math.min(DATE_TIME_MAX, spans.unixSecond(end));
    const startS = endS - (endS % PANE_S);
    for (const [key, found] of this.found) into.add(startS, key, found, traceId, end - start);
  }

  private addSpan(i: number): void {
    const spanName = this.ofSpan[i] as SpanName;
    const peer = this.peerOf(i);
    const { key } = this.intern(spanName);
    const own = this.found.get(key) ?? this.beginSeries(key, this.operation(spanName, peer));
    const failed = this.spans.status[i] === STATUS_ERROR;
    if (failed && !this.hasFailedChild(i)) own.failed = true;
    own.shapes.add(this.shapeOf(i));
    const timed = peer === '' ? own : this.edgeOf(spanName.service, peer);
    const nano = this.self.nano[i] as number;
    timed.buckets.push(selfTimeBucket(nano));
    timed.slowestNano = Math.max(timed.slowestNano, nano);
  }

  private beginSeries(key: string, name: SeriesName): Found {
    const found = { name, buckets: [], slowestNano: 0, failed: false, shapes: new Set<number>() };
    this.found.set(key, found);
    return found;
  }

  private intern(name: SpanName): Interned {
    const known = this.interned.get(name);
    if (known !== undefined) return known;
    const { service, operation, kind } = name;
    const key = seriesKey({ type: 'operation', service, operation, kind, peer: '' });
    const hash = hashOf(`${service.length}:${service}${operation}`);
    const made = { key, hash, series: new Map<string, SeriesName>() };
    this.interned.set(name, made);
    return made;
  }

  private operation(spanName: SpanName, peer: string): SeriesName {
    const { series } = this.intern(spanName);
    const known = series.get(peer);
    if (known !== undefined) return known;
    const { service, operation, kind } = spanName;
    const name: SeriesName = { type: 'operation', service, operation, kind, peer };
    if (series.size < EDGES_MAX) series.set(peer, name);
    return name;
  }

  private edgeOf(service: string, peer: string): Found {
    let edge = this.edges.get(service)?.get(peer);
    if (edge === undefined) {
      const name: SeriesName = { type: 'edge', service, peer };
      edge = { key: seriesKey(name), name };
      this.rememberEdge(service, peer, edge);
    }
    return this.found.get(edge.key) ?? this.beginSeries(edge.key, edge.name);
  }

  private rememberEdge(service: string, peer: string, edge: Edge): void {
    if (++this.edgeCount > EDGES_MAX) {
      this.edges.clear();
      this.edgeCount = 1;
    }
    const known = this.edges.get(service);
    if (known === undefined) this.edges.set(service, new Map([[peer, edge]]));
    else known.set(peer, edge);
  }

  /** The service that a span calls, as far as that one sends spans. */
  private peerOf(i: number): string {
    const { childStart, children } = this.tree;
    for (let at = childStart[i] as number; at < (childStart[i + 1] as number); at++) {
      const child = children[at] as number;
      if (this.spans.service[child] !== this.spans.service[i]) {
        return (this.ofSpan[child] as SpanName).service;
      }
    }
    return '';
  }

  private hasFailedChild(i: number): boolean {
    const { childStart, children } = this.tree;
    for (let at = childStart[i] as number; at < (childStart[i + 1] as number); at++) {
      if (this.spans.status[children[at] as number] === STATUS_ERROR) return true;
    }
    return false;
  }

  /** The set of operations that a span's children are of, however often each. */
  private shapeOf(i: number): number {
    const { childStart, children } = this.tree;
    const from = childStart[i] as number;
    const to = childStart[i + 1] as number;
    if (from === to) return 0;
    this.hashes.clear();
    for (let at = from; at < to; at++) {
      this.hashes.add(this.intern(this.ofSpan[children[at] as number] as SpanName).hash);
    }
    let sum = 0;
    for (const hash of this.hashes) sum = (sum + hash) >>> 0;
    return Math.max(CHILDREN_MIN, sum);
  }
}

/** FNV-1a over UTF-16 units, mixed, so that sums of hashes tell sets apart. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
