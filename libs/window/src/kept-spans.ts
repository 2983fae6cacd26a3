import { AvroWriter, SCAN_SPAN, SpanScanner, writeSegmentHeader } from '@spanloom/avro';
import { type OpenWindows, WINDOW } from './open-windows';

const spans = new AvroWriter(4096);
const scanner = new SpanScanner();

/** A segment to write: `kept` spans of one schema, their bytes up to `end` in {@link spans}. */
interface Segment {
  readonly schemaId: number;
  kept: number;
  start: number;
  end: number;
}

/**
 * Writes the segments of a window without its duplicates: the uncommon case, in which the window's bytes
 * are laid out in a row and scanned once more. Neighbouring runs of one schema become one segment, so
 * that the bytes do not depend on what stood between them and was dropped.
 * @param dropped 1 for each span, in order of arrival, that is a duplicate
 */
export function writeKept(
  windows: OpenWindows,
  window: number,
  dropped: Uint8Array,
  into: AvroWriter,
): void {
  const bytes = windows.pool.words[window + WINDOW.bytes] as number;
  const all = Buffer.allocUnsafe(bytes);
  windows.arena.copy(windows.pool.words[window + WINDOW.first] as number, 0, bytes, all, 0);
  const segments = keepSpans(windows, window, dropped, all);
  if (segments.length > 0) into.writeLong(segments.length);
  for (const { schemaId, kept, start, end } of segments) {
    writeSegmentHeader(into, schemaId, kept, end - start);
    into.writeRaw(spans.buffer, start, end);
  }
  into.writeByte(0);
}

/** Gathers the kept spans' bytes in {@link spans}. */
function keepSpans(
  windows: OpenWindows,
  window: number,
  dropped: Uint8Array,
  all: Buffer,
): Segment[] {
  const segments: Segment[] = [];
  spans.reset();
  scanner.resetRaw(all, 0, all.length);
  let index = 0;
  for (const run of windows.runs(window)) {
    for (let i = 0; i < run.spans; i++) {
      if (scanner.next() !== SCAN_SPAN) throw new RangeError('a window holds what is no span');
      if (dropped[index++] === 1) continue;
      let segment = segments[segments.length - 1];
      if (segment?.schemaId !== run.schemaId) {
        segment = { schemaId: run.schemaId, kept: 0, start: spans.length, end: spans.length };
        segments.push(segment);
      }
      spans.writeRaw(all, scanner.spanStart, scanner.spanEnd);
      segment.kept++;
      segment.end = spans.length;
    }
  }
  return segments;
}
