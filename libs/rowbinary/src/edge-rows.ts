import type { CallEdges } from './call-edges';
import { ChunkPool } from './chunk-pool';
import { ColumnSet } from './column-set';
import { EDGE_SHAPES, EdgeStreams } from './edge-columns';
import { NativeRows } from './native-rows';
import type { Stage, StageOwner } from './stage';

/** Columns of `service_edges` as {@link EdgeRows} sends them. */
export const EDGE_COLUMNS: readonly string[] = [
  ...EDGE_SHAPES.map(([name]) => name),
  'StoredAt',
  'Seqs',
];

/** The values of `service_edges`, column by column. */
class EdgeColumns extends ColumnSet {
  readonly edges = new EdgeStreams(() => this.stream());
  readonly storedAt = this.stream();
  readonly seqEnds = this.ends();
  readonly seqPartitions = this.stream();
  readonly seqNumbers = this.stream();

  constructor(chunks: ChunkPool) {
    super(chunks);
    this.nameAll(EDGE_COLUMNS, [
      ...EDGE_SHAPES.map(([, type, ...streams]) => [type, this.edges.of(streams)] as const),
      ['DateTime', [this.storedAt]],
      ['Map(UInt16, UInt64)', [this.seqEnds.stream, this.seqPartitions, this.seqNumbers]],
    ]);
  }
}

/** Most edges and minutes that are gathered before they become rows, and bytes of them: a bound on memory. */
const EDGES_MAX = 10_000;
const EDGE_BYTES_MAX = 8 * 1024 * 1024;

/** Turns gathered calls into rows of `service_edges`, which add up there: how often it is done does not matter. */
export class EdgeRows extends NativeRows<EdgeColumns> {
  constructor(
    private readonly partition: number,
    private readonly edges: CallEdges,
    private readonly stage: Stage,
    private readonly owner: StageOwner,
    chunks: ChunkPool = new ChunkPool(),
  ) {
    super(new EdgeColumns(chunks));
  }

  override reset(keepBytesMax?: number): void {
    super.reset(keepBytesMax);
    this.stage.release(this.owner);
    this.edges.clear();
  }

  /** Writes what has gathered if it is much. */
  flushIfMany(seq: number, storedAtS: number): void {
    const { size, byteCount } = this.edges;
    if (size >= EDGES_MAX || byteCount >= EDGE_BYTES_MAX) this.flush(seq, storedAtS);
  }

  /** Writes what has gathered; `seq` is that of the last fragment in it, which closed at `storedAtS`. */
  flush(seq: number, storedAtS: number): void {
    this.stage.release(this.owner);
    const { columns, edges } = this;
    const rows = edges.leftCount;
    columns.edges.append(edges);
    for (let i = 0; i < rows; i++) {
      columns.storedAt.uint32(storedAtS);
      columns.seqEnds.add(1);
      columns.seqPartitions.uint16(this.partition);
      columns.seqNumbers.int64(seq);
    }
    this.rowCount += rows;
    edges.clear();
  }
}
