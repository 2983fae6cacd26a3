import { AvroSource } from './avro-source';
import { type RowWriter, writeHex } from './row-writer';
import { copyMap, copyText } from './text-copy';

/**
 * Events and links: Avro has them row by row, ClickHouse column by column. A first pass over the
 * bytes notes where each item's parts begin; then one short pass per column.
 */
export class NestedItems {
  private count = 0;
  /** Three places per item: its beginning, its text (name or trace state), its attributes. */
  private places = new Int32Array(3 * 64);
  private readonly again = new AvroSource();

  /** Notes the items of the array at `source`; `headBytes` is the fixed part before the text, 0 for a long. */
  scan(source: AvroSource, headBytes: number): void {
    this.count = 0;
    for (let left = source.blockCount(); left > 0; left = source.blockCount()) {
      this.grow(left);
      for (let i = left; i > 0 && !source.broken; i--) this.note(source, headBytes);
    }
  }

  private note(source: AvroSource, headBytes: number): void {
    const at = this.count++ * 3;
    this.places[at] = source.at;
    if (headBytes === 0) source.long();
    else if (headBytes <= source.end - source.at) source.at += headBytes;
    else source.break();
    this.places[at + 1] = source.at;
    source.skipText();
    this.places[at + 2] = source.at;
    source.skipMap();
  }

  private grow(more: number): void {
    const needed = (this.count + more) * 3;
    if (needed <= this.places.length) return;
    const grown = new Int32Array(Math.max(needed, this.places.length * 2));
    grown.set(this.places);
    this.places = grown;
  }

  /** Events.Timestamp, Events.Name, Events.Attributes. */
  writeEvents(source: AvroSource, out: RowWriter): void {
    if (this.count === 0) {
      writeZeros(out, 3);
      return;
    }
    this.begin(source);
    this.column(out, 0, (from) => {
      from.long();
      out.halves(from.lo, from.hi);
    });
    this.writeTail(out);
  }

  /** Links.TraceId, Links.SpanId, Links.TraceState, Links.Attributes. */
  writeLinks(source: AvroSource, out: RowWriter): void {
    if (this.count === 0) {
      writeZeros(out, 4);
      return;
    }
    this.begin(source);
    this.column(out, 0, (from) => writeId(from, out, 0, 16));
    this.column(out, 0, (from) => writeId(from, out, 16, 8));
    this.writeTail(out);
  }

  private begin(source: AvroSource): void {
    this.again.reset(source.buffer, 0, source.end);
  }

  private writeTail(out: RowWriter): void {
    this.column(out, 1, (from) => copyText(from, out));
    this.column(out, 2, (from) => copyMap(from, out));
  }

  private column(out: RowWriter, part: 0 | 1 | 2, write: (from: AvroSource) => void): void {
    out.varint(this.count);
    for (let i = 0; i < this.count; i++) {
      this.again.at = this.places[i * 3 + part] as number;
      write(this.again);
    }
  }
}

function writeZeros(out: RowWriter, count: number): void {
  for (let i = 0; i < count; i++) out.buffer[out.length++] = 0;
}

function writeId(from: AvroSource, out: RowWriter, skip: number, bytes: number): void {
  out.buffer[out.length++] = bytes * 2;
  out.length = writeHex(out.buffer, out.length, from.buffer, from.at + skip, bytes);
}
