import { AvroWriter, writeSpan } from '@spanloom/avro';
import type { Attributes, Span } from '@spanloom/model';

/** Takes the size of the next block and whether it says its bytes: any division is valid Avro. */
export type Division = (left: number) => { readonly items: number; readonly sized: boolean };

function blocks<T>(
  writer: AvroWriter,
  items: readonly T[],
  divide: Division,
  each: (writer: AvroWriter, item: T) => void,
): void {
  for (let at = 0; at < items.length; ) {
    const { items: count, sized } = divide(items.length - at);
    const block = new AvroWriter();
    for (const item of items.slice(at, at + count)) each(block, item);
    writer.writeLong(sized ? -count : count);
    if (sized) writer.writeLong(block.length);
    writer.writeRaw(block.view());
    at += count;
  }
  writer.writeByte(0);
}

/** A span's Avro bytes with its maps and arrays divided into blocks as `divide` says. */
export function dividedSpan(span: Span, divide: Division): Buffer {
  const empty = { resourceAttributes: {}, attributes: {}, events: [], links: [] };
  const writer = new AvroWriter();
  writeSpan(writer, { ...span, ...empty });
  writer.length -= 4; // the four ends of what is empty
  const map = (to: AvroWriter, pairs: Attributes) =>
    blocks(to, Object.entries(pairs), divide, (block, [key, value]) => {
      block.writeString(key);
      block.writeString(value);
    });
  map(writer, span.resourceAttributes);
  map(writer, span.attributes);
  blocks(writer, span.events, divide, (block, event) => {
    block.writeBigLong(event.timeUnixNano);
    block.writeString(event.name);
    map(block, event.attributes);
  });
  blocks(writer, span.links, divide, (block, link) => {
    block.writeFixedHex(link.traceId, 16);
    block.writeFixedHex(link.spanId, 8);
    block.writeString(link.traceState);
    map(block, link.attributes);
  });
  return writer.take();
}
