import { AvroWriter } from './avro-writer';
import { wireHeader } from './wire';

/**
 * Gathers spans' Avro bytes into one `SpanBatch` message. Each span is an array block of its own
 * that carries its size in bytes (Avro 1.11, "Arrays": a negative count), so a reader can step over
 * a span without reading it, and a broken span does not hide the next.
 */
export class SpanBatchBuilder {
  private readonly spans = new AvroWriter(64 * 1024);
  private count = 0;

  get spanCount(): number {
    return this.count;
  }

  /** Bytes so far, without the message's own few. */
  get bytes(): number {
    return this.spans.length;
  }

  /** Adds one span's canonical bytes, `source[start…end)`. */
  add(source: Uint8Array, start = 0, end = source.length): void {
    this.spans.writeByte(1); // -1 in zigzag: one item, and its size follows
    this.spans.writeBytes(source, start, end);
    this.count++;
  }

  /**
   * The whole message in the Confluent wire format; a copy, so that the builder can be reset.
   * @param schemaId the registry's id of the canonical `SpanBatch` schema
   * @param sentAtUnixMs producer's clock, 0 when unknown
   */
  finish(schemaId: number, sentAtUnixMs: number): Buffer {
    const head = new AvroWriter(32);
    head.writeRaw(wireHeader(schemaId));
    head.writeLong(sentAtUnixMs);
    return Buffer.concat([head.view(), this.spans.view(), Buffer.alloc(1)]);
  }

  reset(): void {
    this.spans.reset();
    this.count = 0;
  }
}
