import type { BucketCounts } from './bucket-counts';
import type { ByteWriter } from './byte-writer';
import type { CallSketch, CallSketches } from './call-sketches';
import { RowBinaryRows } from './row-binary-rows';

/** Columns of `service_edges` in the order in which {@link EdgeRows} writes them. */
export const EDGE_COLUMNS = [
  'PaneStart',
  'Client',
  'Server',
  'ConnectionType',
  'Calls',
  'Failed',
  'ClientNano',
  'ServerNano',
  'ClientBuckets',
  'ServerBuckets',
  'StoredAt',
  'Seqs',
] as const;

/** Most edges and minutes that are gathered before they become rows: a bound on memory. */
const EDGES_MAX = 10_000;

/** Turns gathered calls into rows of `service_edges`, which add up there: how often it is done does not matter. */
export class EdgeRows extends RowBinaryRows {
  constructor(
    private readonly partition: number,
    private readonly edges: CallSketches,
  ) {
    super();
  }

  override reset(keepBytesMax?: number): void {
    super.reset(keepBytesMax);
    this.edges.clear();
  }

  /** Writes what has gathered if it is much. */
  flushIfMany(seq: number, storedAtS: number): void {
    if (this.edges.size >= EDGES_MAX) this.flush(seq, storedAtS);
  }

  /** Writes what has gathered; `seq` is that of the last fragment in it, which closed at `storedAtS`. */
  flush(seq: number, storedAtS: number): void {
    for (const edge of this.edges.values()) {
      this.writeEdge(edge);
      this.out.uint32(storedAtS);
      this.out.varint(1);
      this.out.uint16(this.partition);
      this.out.int64(seq);
      this.rowCount++;
    }
    this.edges.clear();
  }

  private writeEdge(edge: CallSketch): void {
    this.out.uint32(edge.paneS);
    this.out.text(edge.client);
    this.out.text(edge.server);
    this.out.text(edge.type);
    this.out.int64(edge.calls);
    this.out.int64(edge.failed);
    this.out.float64(edge.clientNano);
    this.out.float64(edge.serverNano);
    writeBuckets(this.out, edge.clientBuckets);
    writeBuckets(this.out, edge.serverBuckets);
  }
}

/** A Map(Int16, Int64) of counts by bucket. */
export function writeBuckets(out: ByteWriter, buckets: BucketCounts): void {
  out.varint(buckets.size);
  for (const [index, count] of buckets) {
    out.uint16(index);
    out.int64(count);
  }
}
