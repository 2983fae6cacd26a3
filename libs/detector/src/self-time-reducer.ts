import { FragmentReader, SCAN_CORRUPT, SCAN_END, SCAN_SPAN, SpanScanner } from '@spanloom/avro';
import { Gatherer } from './gather';
import { FragmentObserver } from './observe';
import type { WholeBatch } from './self-time-batch';

/** What shapes the batches: equal on all copies of a worker. */
export interface SelfTimeRules {
  /** Take ids out of operation names. */
  readonly template_operations: boolean;
  /** Series gathered before they are flushed early; at twice as many further ones are left out. */
  readonly flush_series_max: number;
}

/** Defaults: a batch of 2,000 series is about half a megabyte. */
export const SELF_TIME_RULES: SelfTimeRules = {
  template_operations: true,
  flush_series_max: 2_000,
};

/** Counts since the beginning. */
export interface SelfTimeCounters {
  fragments: number;
  /** Fragments of only a part of their trace: late, cut or evicted. Their shapes would mislead. */
  partial: number;
  /** Entries that had come before. */
  repeats: number;
  /** Entries before which one is missing; reading goes on. */
  gaps: number;
  /** Messages that could not be read, or not to their end. The sink dead-letters them. */
  unreadable: number;
  /** Spans that could not be read. */
  badSpans: number;
}

const COMPLETE = 0;
const IDLE = 1;

/**
 * Turns the entries of one partition of `traces` into batches for `self-times`. A batch ends with a ledger
 * entry, or early when much has gathered: both are a function of the log alone, so whoever reads it again
 * from the end of a batch writes the same batches.
 */
export class SelfTimeReducer {
  readonly counters: SelfTimeCounters = {
    fragments: 0,
    partial: 0,
    repeats: 0,
    gaps: 0,
    unreadable: 0,
    badSpans: 0,
  };
  private readonly gatherer: Gatherer;
  private readonly observer: FragmentObserver;
  private readonly reader = new FragmentReader();
  private readonly scanner = new SpanScanner({ hashes: true });
  /** Number of the first entry since the last batch; 0 without. */
  private firstSeq = 0;

  /**
   * @param lastSeq number of the last entry of the last batch; 0 to begin with
   * @param partitions of the topic
   */
  constructor(
    private readonly partition: number,
    private readonly partitions: number,
    private readonly rules: SelfTimeRules,
    private lastSeq: number,
  ) {
    this.gatherer = new Gatherer(rules.flush_series_max * 2);
    this.observer = new FragmentObserver(rules.template_operations);
  }

  /** Series gathered and not in a batch yet. */
  get size(): number {
    return this.gatherer.size;
  }

  /** Whether entries have come that are in no batch yet. */
  get isGathering(): boolean {
    return this.firstSeq > 0;
  }

  /** Series left out because there were too many, once for each trace. */
  get overflowed(): number {
    return this.gatherer.overflowed;
  }

  /**
   * Applies a message.
   * @param isReadable whether spans of the schema have the canonical layout
   * @returns batches that have become whole
   */
  apply(value: Buffer, isReadable: (schemaId: number) => boolean): readonly WholeBatch[] {
    const { reader, counters } = this;
    if (!reader.reset(value) || reader.partition !== this.partition) {
      counters.unreadable++;
      return [];
    }
    const batches: WholeBatch[] = [];
    for (let kind = reader.next(); kind !== 'end'; kind = reader.next()) {
      if (kind === 'corrupt') {
        counters.unreadable++;
        break;
      }
      if (!this.pass(reader.seq)) continue;
      if (kind === 'fragment') this.addFragment(isReadable);
      const isFull = this.gatherer.size >= this.rules.flush_series_max;
      if (kind === 'ledger' || isFull) batches.push(this.flush());
    }
    return batches;
  }

  private pass(seq: number): boolean {
    if (seq <= this.lastSeq) {
      this.counters.repeats++;
      return false;
    }
    if (this.lastSeq > 0 && seq > this.lastSeq + 1) this.counters.gaps++;
    this.lastSeq = seq;
    if (this.firstSeq === 0) this.firstSeq = seq;
    return true;
  }

  private flush(): WholeBatch {
    const { partition, partitions, firstSeq, lastSeq } = this;
    this.firstSeq = 0;
    return { partition, partitions, firstSeq, lastSeq, panes: this.gatherer.take() };
  }

  private addFragment(isReadable: (schemaId: number) => boolean): void {
    const { reader, observer, counters } = this;
    counters.fragments++;
    if (reader.late || (reader.reason !== COMPLETE && reader.reason !== IDLE)) {
      counters.partial++;
      return;
    }
    observer.begin();
    for (let at = 0; at < reader.segmentCount; at++) {
      const segment = reader.segments[at] as (typeof reader.segments)[0];
      if (isReadable(segment.schemaId)) this.addSpans(segment.start, segment.end);
      else counters.badSpans += segment.spanCount;
    }
    const { traceIdAt } = reader;
    const traceId = reader.buffer.toString('hex', traceIdAt, traceIdAt + 16);
    observer.finish(traceId, this.gatherer);
  }

  private addSpans(start: number, end: number): void {
    const { scanner, observer, counters } = this;
    scanner.resetRaw(this.reader.buffer, start, end);
    for (let found = scanner.next(); found !== SCAN_END; found = scanner.next()) {
      if (found === SCAN_SPAN) observer.add(scanner);
      else counters.badSpans++;
      if (found === SCAN_CORRUPT) break;
    }
  }
}

/** The schemas that the segments of a message of the topic `traces` were written with. */
export function schemasOf(value: Buffer, reader: FragmentReader): ReadonlySet<number> {
  const ids = new Set<number>();
  if (!reader.reset(value)) return ids;
  for (let kind = reader.next(); kind === 'fragment' || kind === 'ledger'; kind = reader.next()) {
    if (kind === 'ledger') continue;
    for (const { schemaId } of reader.segments.slice(0, reader.segmentCount)) ids.add(schemaId);
  }
  return ids;
}
