import { BucketTable } from './bucket-table';
import { bucketIndex } from './buckets';

const FIRST_PANES = 256;
const EXEMPLAR_BYTES = 24;

/**
 * The panes gathered since the last flush, numbered from 0: one row of typed arrays each, found by
 * (series, start), with their buckets in one shared table.
 */
export class PaneTable {
  size = 0;
  readonly buckets = new BucketTable();
  /** Columns, by the pane's number. */
  series = new Int32Array(FIRST_PANES);
  /** Start of the pane in units of its length. */
  start = new Int32Array(FIRST_PANES);
  count = new Float64Array(FIRST_PANES);
  sum = new Float64Array(FIRST_PANES);
  min = new Float64Array(FIRST_PANES);
  max = new Float64Array(FIRST_PANES);
  /** Trace id and span id of the slowest span, 24 bytes a pane. */
  exemplar = new Uint8Array(FIRST_PANES * EXEMPLAR_BYTES);
  private slots = FIRST_PANES * 2;
  /** Pane number + 1; 0 is an empty slot. */
  private table = new Int32Array(FIRST_PANES * 2);
  /** The pane found last: spans of one series and moment often follow each other. */
  private last = 0;

  /** The pane of a series at a start, opened if there is none. */
  find(series: number, start: number): number {
    const last = this.last;
    if (last < this.size && this.series[last] === series && this.start[last] === start) return last;
    const slot = this.slotOf(series, start);
    const found = this.table[slot] as number;
    this.last = found === 0 ? this.open(slot, series, start) : found - 1;
    return this.last;
  }

  /**
   * Counts one span in.
   * @param ids trace id at `traceIdAt`, span id at `spanIdAt`
   */
  add(
    pane: number,
    nanos: number,
    weight: number,
    ids: Uint8Array,
    traceIdAt: number,
    spanIdAt: number,
  ): void {
    this.count[pane] = (this.count[pane] as number) + weight;
    this.sum[pane] = (this.sum[pane] as number) + nanos * weight;
    if (nanos < (this.min[pane] as number)) this.min[pane] = nanos;
    // Strictly greater: of equally slow spans the first in the log stays the exemplar.
    if (nanos > (this.max[pane] as number)) {
      this.max[pane] = nanos;
      const to = pane * EXEMPLAR_BYTES;
      for (let i = 0; i < 16; i++) this.exemplar[to + i] = ids[traceIdAt + i] as number;
      for (let i = 0; i < 8; i++) this.exemplar[to + 16 + i] = ids[spanIdAt + i] as number;
    }
    this.buckets.add(pane, bucketIndex(nanos), weight);
  }

  clear(): void {
    if (this.size === 0) return;
    this.table.fill(0);
    this.buckets.clear();
    this.size = 0;
  }

  /** Bytes held by the columns, the look-up and the buckets. */
  get bytes(): number {
    return this.series.length * (8 + 32 + EXEMPLAR_BYTES) + this.slots * 4 + this.buckets.bytes;
  }

  private open(slot: number, series: number, start: number): number {
    const pane = this.size++;
    this.table[slot] = pane + 1;
    if (pane === this.series.length) this.growColumns();
    this.series[pane] = series;
    this.start[pane] = start;
    this.count[pane] = 0;
    this.sum[pane] = 0;
    this.min[pane] = Number.POSITIVE_INFINITY;
    this.max[pane] = -1;
    if (this.size * 2 > this.slots) this.growTable();
    return pane;
  }

  private slotOf(series: number, start: number): number {
    const mask = this.slots - 1;
    let slot = Math.imul(series, 0x9e3779b1) ^ Math.imul(start, 0x85ebca6b);
    slot = (slot ^ (slot >>> 15)) & mask;
    for (;;) {
      const found = this.table[slot] as number;
      if (found === 0) return slot;
      if (this.series[found - 1] === series && this.start[found - 1] === start) return slot;
      slot = (slot + 1) & mask;
    }
  }

  private growTable(): void {
    this.slots *= 2;
    this.table = new Int32Array(this.slots);
    for (let pane = 0; pane < this.size; pane++) {
      const slot = this.slotOf(this.series[pane] as number, this.start[pane] as number);
      this.table[slot] = pane + 1;
    }
  }

  private growColumns(): void {
    const length = this.series.length * 2;
    const wider = <T extends Int32Array | Float64Array | Uint8Array>(to: T, from: T): T => {
      to.set(from);
      return to;
    };
    this.series = wider(new Int32Array(length), this.series);
    this.start = wider(new Int32Array(length), this.start);
    this.count = wider(new Float64Array(length), this.count);
    this.sum = wider(new Float64Array(length), this.sum);
    this.min = wider(new Float64Array(length), this.min);
    this.max = wider(new Float64Array(length), this.max);
    this.exemplar = wider(new Uint8Array(length * EXEMPLAR_BYTES), this.exemplar);
  }
}
