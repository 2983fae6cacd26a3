import { bucketIndex } from '@spanloom/sketch';
import {
  type Calls,
  type EdgeKey,
  edgeOf,
  edgePaneS,
  MESSAGING,
  type Peer,
  type TraceSpans,
} from '@spanloom/trace';
import { BucketCounts } from './bucket-counts';

/** What gathers of one edge in one pane: counts, and durations as the two sides saw them. */
export interface CallSketch extends EdgeKey {
  calls: number;
  failed: number;
  clientNano: number;
  serverNano: number;
  /** Counts by bucket of libs/sketch. */
  readonly clientBuckets: BucketCounts;
  readonly serverBuckets: BucketCounts;
}

/** One edge in all panes; calls of one minute tend to follow each other. */
interface Edge {
  readonly type: string;
  readonly panes: Map<number, CallSketch>;
  latest: CallSketch | null;
}

/** Calls of many traces, gathered per edge of the service graph and minute. */
export class CallSketches {
  /** How many sketches there are. */
  size = 0;

  /** By client, then server: one edge for each type of connection. */
  private readonly edges = new Map<string, Map<string, Edge[]>>();

  clear(): void {
    this.edges.clear();
    this.size = 0;
  }

  /** In the order in which edges came; the same calls in the same order give the same. */
  *values(): Iterable<CallSketch> {
    for (const servers of this.edges.values()) {
      for (const edges of servers.values()) {
        for (const { panes } of edges) yield* panes.values();
      }
    }
  }

  /**
   * Adds call `call` of a trace.
   * @param client service of the calling span, null without one; `server` likewise
   * @param peer what names the side without a span
   * @param weight -1 takes the call out again
   */
  add(
    spans: TraceSpans,
    calls: Calls,
    call: number,
    client: string | null,
    server: string | null,
    peer: Peer | null,
    weight: 1 | -1 = 1,
  ): void {
    const sketch = this.sketchOf(spans, calls, call, client, server, peer);
    sketch.calls += weight;
    if (calls.hasFailed(spans, call)) sketch.failed += weight;
    const caller = calls.caller[call] as number;
    const callee = calls.callee[call] as number;
    if (caller >= 0) {
      const nano = spans.duration[caller] as number;
      sketch.clientNano += nano * weight;
      sketch.clientBuckets.add(bucketIndex(nano), weight);
    }
    if (callee >= 0) {
      const nano = spans.duration[callee] as number;
      sketch.serverNano += nano * weight;
      sketch.serverBuckets.add(bucketIndex(nano), weight);
    }
  }

  private sketchOf(
    spans: TraceSpans,
    calls: Calls,
    call: number,
    client: string | null,
    server: string | null,
    peer: Peer | null,
  ): CallSketch {
    if (client !== null && server !== null) {
      const type = calls.isMessage(spans, call) ? MESSAGING : '';
      return this.pane(client, server, type, edgePaneS(spans, calls, call));
    }
    const key = edgeOf(spans, calls, call, client, server, peer);
    return this.pane(key.client, key.server, key.type, key.paneS);
  }

  private pane(client: string, server: string, type: string, paneS: number): CallSketch {
    const edge = this.edge(client, server, type);
    if (edge.latest?.paneS === paneS) return edge.latest;
    let sketch = edge.panes.get(paneS);
    if (sketch === undefined) {
      const sums = { calls: 0, failed: 0, clientNano: 0, serverNano: 0 };
      const buckets = { clientBuckets: new BucketCounts(), serverBuckets: new BucketCounts() };
      sketch = { paneS, client, server, type, ...sums, ...buckets };
      edge.panes.set(paneS, sketch);
      this.size++;
    }
    edge.latest = sketch;
    return sketch;
  }

  private edge(client: string, server: string, type: string): Edge {
    let servers = this.edges.get(client);
    if (servers === undefined) {
      servers = new Map();
      this.edges.set(client, servers);
    }
    let edges = servers.get(server);
    if (edges === undefined) {
      edges = [];
      servers.set(server, edges);
    }
    for (const edge of edges) if (edge.type === type) return edge;
    const edge: Edge = { type, panes: new Map(), latest: null };
    edges.push(edge);
    return edge;
  }
}
