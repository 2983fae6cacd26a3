import type { SpanArena } from '../src/span-arena';

/** A copy of the bytes of each span in the arena. */
export function spansIn(arena: SpanArena): readonly Buffer[] {
  const spans: Buffer[] = [];
  arena.forEachSpan((buffer, start, end) => {
    spans.push(Buffer.from(buffer.subarray(start, end)));
  });
  return spans;
}
