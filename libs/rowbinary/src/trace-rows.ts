import type { FragmentReader, Segment } from '@spanloom/avro';
import { ChunkPool } from './chunk-pool';
import { EdgeRows } from './edge-rows';
import { FragmentRows } from './fragment-rows';
import { LedgerRows } from './ledger-rows';
import { type SpanRowReason, SpanRows } from './span-rows';

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

  /**
   * @param partition number of the partition of `traces`
   * @param chunks where buffers for spans and fragments come from; shared by partitions
   */
  constructor(
    private readonly partition: number,
    chunks = new ChunkPool(),
  ) {
    this.spans = new SpanRows(chunks);
    this.fragments = new FragmentRows(chunks);
    this.edges = new EdgeRows(partition, this.fragments.edges);
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
    fragments.begin();
    spans.setFragment(this.partition, reader.seq, reader.closedAtS);
    for (let i = 0; i < reader.segmentCount; i++) {
      const segment = reader.segments[i] as Segment;
      const known = isReadable(segment.schemaId);
      const at = known ? this.addSpans(reader.buffer, segment) : segment.start;
      if (at < segment.end) {
        onUnread({ segment, at, reason: known ? spans.reason : 'schema-unknown' });
      }
    }
    const stored = spans.rowCount - before;
    fragments.finish(reader, Math.max(0, reader.spanCount - stored));
    this.edges.flushIfMany(reader.seq, reader.closedAtS);
    return stored;
  }

  /** Gives where it came to: the segment's end, unless a span is broken. */
  private addSpans(buffer: Buffer, { start, end }: Segment): number {
    const { spans, fragments } = this;
    spans.begin(buffer, start, end);
    while (spans.next()) fragments.addSpan(buffer, spans);
    return spans.at;
  }

  /** Appends the ledger entry that `reader` is at. */
  addLedger(reader: FragmentReader): void {
    if (reader.ledger !== null) this.ledger.append(this.partition, reader.seq, reader.ledger);
  }
}
