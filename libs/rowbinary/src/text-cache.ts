const SLOTS = 4096;
const BYTES_MAX = 64;

/**
 * Gives the same string for the same bytes, most of the time without decoding them: names of services come
 * over and over. A cache of fixed size; forgetting changes the speed, never the answer.
 */
export class TextCache {
  private readonly keys: (Uint8Array | undefined)[] = new Array(SLOTS).fill(undefined);
  private readonly texts: string[] = new Array(SLOTS).fill('');

  /** The UTF-8 text of `source[start…end)`. */
  get(source: Uint8Array, start: number, end: number): string {
    const bytes = end - start;
    if (bytes > BYTES_MAX) return decode(source, start, end);
    let hash = 0x811c9dc5;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ (source[i] as number), 0x01000193);
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    const key = this.keys[slot];
    if (key !== undefined && key.length === bytes) {
      let same = 0;
      while (same < bytes && key[same] === source[start + same]) same++;
      if (same === bytes) return this.texts[slot] as string;
    }
    const text = decode(source, start, end);
    this.keys[slot] = source.slice(start, end);
    this.texts[slot] = text;
    return text;
  }
}

function decode(source: Uint8Array, start: number, end: number): string {
  return Buffer.from(source.buffer, source.byteOffset + start, end - start).toString('utf8');
}
