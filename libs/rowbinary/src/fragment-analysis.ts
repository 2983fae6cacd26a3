import { errorOrigin, PEER_ATTRIBUTES, type Peer, peerOf, TraceAnalyzer } from '@spanloom/trace';
import type { AnalysisColumns } from './analysis-columns';
import { AvroSource } from './avro-source';
import type { ByteWriter } from './byte-writer';
import type { CallSketches } from './call-sketches';
import { OTHER_SERVICES, SERVICES_MAX } from './service-counts';
import type { SpanRows } from './span-rows';
import { TextCache } from './text-cache';

/** Operations of the critical path, and edges with skew, that are written; of the path the first from the root. */
export const ANALYSIS_ITEMS_MAX = 256;

/** Offsets kept per span: id, service, name, attributes, end. */
const PLACES = 7;
const PEER_BYTES = PEER_ATTRIBUTES.map((name) => Buffer.from(name));

/** Analyses the spans of one fragment as {@link SpanRows} comes to them, without decoding them. */
export class FragmentAnalysis {
  private readonly analyzer = new TraceAnalyzer();
  private source: Uint8Array = Buffer.alloc(0);
  private places = new Int32Array(64 * PLACES);
  private readonly attributes = new AvroSource();
  private readonly services: (string | undefined)[] = [];
  private readonly texts = new TextCache();
  // The operations of the critical path: a span that has the name, and the time.
  private operationCount = 0;
  private readonly operationSpan = new Int32Array(ANALYSIS_ITEMS_MAX);
  private readonly operationNano = new Float64Array(ANALYSIS_ITEMS_MAX);

  begin(): void {
    this.analyzer.begin();
    this.services.length = 0;
  }

  /** Adds the span that `rows` came to; all of a fragment are in one `source`. Equal services have equal numbers. */
  add(source: Uint8Array, rows: SpanRows, service: number): void {
    const { spans } = this.analyzer;
    this.source = source;
    spans.setIds(source, rows.spanIdAt, rows.spanIdAt + 8);
    const nano = rows.durationHi * 4294967296 + rows.durationLo;
    const i = spans.add(rows.startLo, rows.startHi, nano, rows.kind, rows.statusCode, service);
    if ((i + 1) * PLACES > this.places.length) {
      const grown = new Int32Array(this.places.length * 2);
      grown.set(this.places);
      this.places = grown;
    }
    const { places } = this;
    const at = i * PLACES;
    places[at] = rows.spanIdAt;
    places[at + 1] = rows.serviceStart;
    places[at + 2] = rows.serviceEnd;
    places[at + 3] = rows.nameStart;
    places[at + 4] = rows.nameEnd;
    places[at + 5] = rows.attributesAt;
    places[at + 6] = rows.attributesEnd;
  }

  /**
   * Writes a row of the columns, and adds the calls to `edges`.
   * @param errors spans with status Error
   */
  write(columns: AnalysisColumns, errors: number, edges: CallSketches): void {
    this.analyzer.run();
    const { tree } = this.analyzer;
    columns.depth.uint32(tree.depthMax);
    columns.rootCount.uint32(tree.rootCount);
    columns.orphanCount.uint32(tree.orphanCount);
    columns.missingParentCount.uint32(tree.missingParentCount);
    columns.connectedCount.uint32(tree.connectedCount);
    this.writeErrorOrigin(columns, errors);
    this.writePath(columns);
    this.writeSkew(columns);
    this.addCalls(edges, 1);
  }

  /** Takes the calls of the spans out of `edges`, instead of writing anything. */
  takeCalls(edges: CallSketches): void {
    this.analyzer.run();
    this.addCalls(edges, -1);
  }

  private writeErrorOrigin(columns: AnalysisColumns, errors: number): void {
    const { errorOriginSpanId, errorOriginService, errorOriginName } = columns;
    if (errors === 0) {
      for (const out of [errorOriginSpanId, errorOriginService, errorOriginName]) out.uint8(0);
      return;
    }
    const { spans, tree, skew } = this.analyzer;
    const origin = errorOrigin(spans, tree, skew.offset).span;
    errorOriginSpanId.hex(this.source, this.place(origin, 0), 8);
    this.writeService(errorOriginService, origin);
    this.writeName(errorOriginName, origin);
  }

  private place(span: number, which: number): number {
    return this.places[span * PLACES + which] as number;
  }

  private writeService(out: ByteWriter, span: number): void {
    this.writeText(out, this.place(span, 1), this.place(span, 2));
  }

  private writeName(out: ByteWriter, span: number): void {
    this.writeText(out, this.place(span, 3), this.place(span, 4));
  }

  /** Names are short: a loop is quicker than a native copy. */
  private writeText(out: ByteWriter, start: number, end: number): void {
    if (end - start > 64) {
      out.bytes(this.source, start, end);
      return;
    }
    out.ensure(end - start + 1);
    const { buffer } = out;
    let at = out.length;
    buffer[at++] = end - start;
    for (let i = start; i < end; i++) buffer[at++] = this.source[i] as number;
    out.length = at;
  }

  private writePath(columns: AnalysisColumns): void {
    const { path } = this.analyzer;
    this.operationCount = 0;
    for (let at = 0; at < path.spanCount; at++) {
      const span = path.pathSpans[at] as number;
      const nano = path.exclusive[span] as number;
      if (nano > 0) this.addOperation(span, nano);
    }
    const count = this.operationCount;
    const services = columns.pathServices.begin(count);
    for (let i = 0; i < count; i++) this.writeService(services, this.operationSpan[i] as number);
    const names = columns.pathNames.begin(count);
    for (let i = 0; i < count; i++) this.writeName(names, this.operationSpan[i] as number);
    const nanos = columns.pathNano.begin(count);
    for (let i = 0; i < count; i++) nanos.int64(this.operationNano[i] as number);
  }

  private addOperation(span: number, nano: number): void {
    let at = 0;
    while (at < this.operationCount) {
      if (this.isSameOperation(this.operationSpan[at] as number, span)) break;
      at++;
    }
    if (at === ANALYSIS_ITEMS_MAX) return;
    if (at === this.operationCount) {
      this.operationCount++;
      this.operationSpan[at] = span;
      this.operationNano[at] = 0;
    }
    this.operationNano[at] = (this.operationNano[at] as number) + nano;
  }

  private isSameOperation(a: number, b: number): boolean {
    const { spans } = this.analyzer;
    if (spans.service[a] !== spans.service[b]) return false;
    const from = this.place(a, 3);
    const other = this.place(b, 3);
    const bytes = this.place(a, 4) - from;
    if (this.place(b, 4) - other !== bytes) return false;
    for (let i = 0; i < bytes; i++) {
      if (this.source[from + i] !== this.source[other + i]) return false;
    }
    return true;
  }

  private writeSkew(columns: AnalysisColumns): void {
    const { spans, tree, skew } = this.analyzer;
    const { skewSpanIds, skewCallers, skewCallees, skewNano } = columns;
    if (skew.edgeCount === 0) {
      for (const lists of [skewSpanIds, skewCallers, skewCallees, skewNano]) lists.begin(0);
      return;
    }
    const callees: number[] = [];
    for (let i = 0; i < spans.count && callees.length < ANALYSIS_ITEMS_MAX; i++) {
      if (skew.isEdge(i)) callees.push(i);
    }
    const ids = skewSpanIds.begin(callees.length);
    for (const i of callees) ids.hex(this.source, this.place(i, 0), 8);
    const callers = skewCallers.begin(callees.length);
    for (const i of callees) this.writeService(callers, tree.parent[i] as number);
    const called = skewCallees.begin(callees.length);
    for (const i of callees) this.writeService(called, i);
    const nanos = skewNano.begin(callees.length);
    for (const i of callees) {
      const caller = tree.parent[i] as number;
      nanos.int64((skew.offset[caller] as number) - (skew.offset[i] as number));
    }
  }

  private addCalls(edges: CallSketches, weight: 1 | -1): void {
    const { spans, calls } = this.analyzer;
    for (let call = 0; call < calls.count; call++) {
      const caller = calls.caller[call] as number;
      const callee = calls.callee[call] as number;
      const peer = caller >= 0 && callee >= 0 ? null : this.peerOf(calls.at(call));
      edges.add(
        spans,
        calls,
        call,
        caller < 0 ? null : this.service(caller),
        callee < 0 ? null : this.service(callee),
        peer,
        weight,
      );
    }
  }

  private service(span: number): string {
    const number = this.analyzer.spans.service[span] as number;
    const known = this.services[number];
    if (known !== undefined) return known;
    if (number === SERVICES_MAX) return OTHER_SERVICES;
    const text = this.texts.get(this.source, this.place(span, 1), this.place(span, 2));
    this.services[number] = text;
    return text;
  }

  /** Looks through the attributes of a span that has no partner; others are never read. */
  private peerOf(span: number): Peer | null {
    const source = this.attributes;
    source.reset(this.source, this.place(span, 5), this.place(span, 6));
    const found: (string | undefined)[] = [];
    for (let left = source.blockCount(); left > 0; left = source.blockCount()) {
      for (let i = left; i > 0 && !source.broken; i--) {
        const bytes = source.size();
        const from = source.at;
        source.at += bytes;
        const which = peerAttribute(this.source, from, bytes);
        const valueBytes = source.size();
        if (which >= 0) {
          found[which] = this.texts.get(this.source, source.at, source.at + valueBytes);
        }
        source.at += valueBytes;
      }
    }
    return peerOf((name) => found[PEER_ATTRIBUTES.indexOf(name)]);
  }
}

function peerAttribute(source: Uint8Array, from: number, bytes: number): number {
  for (let which = 0; which < PEER_BYTES.length; which++) {
    const name = PEER_BYTES[which] as Buffer;
    if (name.length !== bytes) continue;
    let same = 0;
    while (same < bytes && source[from + same] === name[same]) same++;
    if (same === bytes) return which;
  }
  return -1;
}
