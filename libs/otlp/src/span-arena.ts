import { AvroWriter } from '@spanloom/avro';
import { ResourceGroups } from './group';
import type { OtlpLimits } from './limits';
import { REJECT_REASONS, type RejectReason, RequestRefused } from './outcome';
import { cutEnd } from './text';

const KEEP_BYTES_MAX = 8_388_608;

/**
 * Takes one accepted span: its canonical Avro bytes are `buffer[start, end)`, valid during the call.
 * The trace id is the first 16 of them.
 */
export type SpanSink = (buffer: Buffer, start: number, end: number) => void;

/**
 * Holds the spans of one request, encoded one after the other, until the whole request is known to
 * be sound; and counts what was refused or changed on the way. Reused from request to request.
 */
export class SpanArena {
  writer = new AvroWriter(262_144);
  spanCount = 0;
  rejectedCount = 0;
  readonly rejected: Record<RejectReason, number>;
  /** What was wrong with the first rejected span, for the answer to the sender. */
  firstReject = '';
  /** Spans of resources without a service name. */
  unknownServiceCount = 0;
  /** Texts cut or replaced because of a limit. */
  truncatedCount = 0;
  /** Attributes, events and links left out because of a limit. */
  droppedCount = 0;
  /** Whose the accepted spans are. */
  readonly groups = new ResourceGroups();
  private ends = new Int32Array(1024);
  private spanStart = 0;
  private wastedBytes = 0;

  constructor(readonly limits: OtlpLimits) {
    this.rejected = Object.fromEntries(REJECT_REASONS.map((r) => [r, 0])) as SpanArena['rejected'];
  }

  /** Forgets the last request, and its memory when that was large. */
  reset(): void {
    if (this.writer.buffer.length > KEEP_BYTES_MAX) this.writer = new AvroWriter(262_144);
    if (this.ends.length > 65_536) this.ends = new Int32Array(1024);
    this.writer.reset();
    this.spanCount = 0;
    this.rejectedCount = 0;
    for (const reason of REJECT_REASONS) this.rejected[reason] = 0;
    this.firstReject = '';
    this.unknownServiceCount = 0;
    this.truncatedCount = 0;
    this.droppedCount = 0;
    this.groups.reset();
    this.wastedBytes = 0;
  }

  /** Encoded bytes of all accepted spans. */
  get bytes(): number {
    return this.writer.length;
  }

  beginSpan(): void {
    this.spanStart = this.writer.length;
  }

  /**
   * What `write` appends, copied out and taken back: for what many spans share.
   * @returns null when `write` gave false, which is to say that it stopped at the limit of a span
   */
  aside(write: () => boolean): Buffer | null {
    const start = this.writer.length;
    this.beginSpan();
    const bytes = write()
      ? Buffer.from(this.writer.buffer.subarray(start, this.writer.length))
      : null;
    this.writer.length = start;
    return bytes;
  }

  /** True when the span being written has outgrown its limit. */
  overSpanLimit(more: number): boolean {
    return this.writer.length - this.spanStart + more > this.limits.span_bytes_max;
  }

  endSpan(): void {
    if (this.spanCount === this.ends.length) {
      const grown = new Int32Array(this.ends.length * 2);
      grown.set(this.ends);
      this.ends = grown;
    }
    this.ends[this.spanCount++] = this.writer.length;
    this.checkRequestLimit();
  }

  /** Takes back what was written of the current span, and counts it. */
  reject(reason: RejectReason, message: () => string): void {
    this.rejected[reason]++;
    if (this.rejectedCount++ === 0) this.firstReject = message();
    this.wastedBytes += this.writer.length - this.spanStart;
    this.writer.length = this.spanStart;
    this.checkRequestLimit();
  }

  /**
   * What was written and taken back counts too, so that small hostile spans can't make us copy a
   * large resource without end.
   */
  private checkRequestLimit(): void {
    const max = this.limits.request_bytes_max;
    if (this.writer.length + this.wastedBytes > max) {
      throw new RequestRefused('too-large', `the spans encode to more than ${max} bytes`);
    }
  }

  /** Writes UTF-8 bytes as an Avro string, cut at a character where longer than the limit. */
  text(source: Buffer, start: number, end: number): void {
    const max = this.limits.attribute_bytes_max;
    if (end - start > max) {
      this.truncatedCount++;
      this.writer.writeBytes(source, start, cutEnd(source, start, start + max));
    } else {
      this.writer.writeBytes(source, start, end);
    }
  }

  /** Writes a string as an Avro string, cut likewise. */
  string(text: string): void {
    if (text.length * 3 <= this.limits.attribute_bytes_max) {
      this.writer.writeString(text);
      return;
    }
    const bytes = Buffer.from(text);
    this.text(bytes, 0, bytes.length);
  }

  /** Gives every accepted span to `sink`, in the order of the request. */
  forEachSpan(sink: SpanSink): void {
    const buffer = this.writer.buffer;
    let start = 0;
    for (let i = 0; i < this.spanCount; i++) {
      const end = this.ends[i] as number;
      sink(buffer, start, end);
      start = end;
    }
  }
}
