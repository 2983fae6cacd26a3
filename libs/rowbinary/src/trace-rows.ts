import type { FragmentReader, Segment } from '@spanloom/avro';
import { CallEdges } from './call-edges';
import { ChunkPool } from './chunk-pool';
import { EdgeRows } from './edge-rows';
import { FragmentRows } from './fragment-rows';
import { LedgerRows } from './ledger-rows';
import { type SpanRowReason, SpanRows } from './span-rows';
import { StageOwner, sharedStage } from './stage';

/** Bytes of a segment, from `at` to its end, that are in no row. */
export interface UnreadSpans {
  readonly segment: Segment;
  readonly at: number;
  /** Why: the segment's schema has no layout that can be read, or a span of it is broken. */
  readonly reason: SpanRowReason | 'schema-unknown';
}

/** The rows of the topic `traces`, as everybody makes them who stores its entries: spans, fragments, calls, ledger. */
export class TraceRows {
  readonly spans: SpanRows;
  readonly fragments: FragmentRows;
  readonly ledger = new LedgerRows();
  /** Calls of the fragments, gathered until {@link EdgeRows.flush}. */
  readonly edges: EdgeRows;

  private readonly stage = sharedStage();
  private readonly owner: StageOwner;

  /**
   * @param partition number of the partition of `traces`
   * @param chunks where buffers for the rows come from; shared by partitions
   */
  constructor(
    private readonly partition: number,
    chunks = new ChunkPool(),
  ) {
    const edges = new CallEdges();
    this.owner = new StageOwner((records) => edges.add(records));
    this.spans = new SpanRows(chunks, this.stage, this.owner);
    this.fragments = new FragmentRows(chunks, this.stage, this.owner);
    this.edges = new EdgeRows(partition, edges, this.stage, this.owner, chunks);
  }

  /**
   * Appends the fragment that `reader` is at. What cannot be read, from there to its segment's end, is
   * counted in the fragment's row and told to `onUnread`.
   * @param isReadable whether spans of a writer schema have the canonical layout
   * @returns how many spans were appended
   */
  addFragment(
    reader: FragmentReader,
    isReadable: (schemaId: number) => boolean,
    onUnread: (unread: UnreadSpans) => void,
  ): number {
    const { spans, fragments } = this;
    const before = spans.rowCount;
    const place = { partition: this.partition, seq: reader.seq, storedAtS: reader.closedAtS };
    this.stage.begin(this.owner, place, segmentBytes(reader));
    for (let i = 0; i < reader.segmentCount; i++) {
      const segment = reader.segments[i] as Segment;
      const known = isReadable(segment.schemaId);
      if (known) spans.read(reader.buffer, segment.start, segment.end);
      const at = known ? spans.at : segment.start;
      if (at < segment.end) {
        onUnread({ segment, at, reason: known ? spans.reason : 'schema-unknown' });
      }
    }
    const stored = spans.rowCount - before;
    fragments.finish(reader, Math.max(0, reader.spanCount - stored));
    this.edges.flushIfMany(reader.seq, reader.closedAtS);
    return stored;
  }

  /** Appends the ledger entry that `reader` is at. */
  addLedger(reader: FragmentReader): void {
    if (reader.ledger !== null) this.ledger.append(this.partition, reader.seq, reader.ledger);
  }
}

function segmentBytes({ segments, segmentCount }: FragmentReader): number {
  let bytes = 0;
  for (let i = 0; i < segmentCount; i++) {
    const { start, end } = segments[i] as Segment;
    bytes += end - start;
  }
  return bytes;
}
