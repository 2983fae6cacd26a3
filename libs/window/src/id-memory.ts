import type { SpanIds } from './span-ids';
import { TRACE, type TraceTable } from './trace-table';

/** Words of a chunk; a power of two. */
const CHUNK_WORDS = 16_384;
const CHUNK_SHIFT = 14;
/** Words of an entry before its ids: the trace, when its window closed, ids, the trace's next entry. */
const HEAD_WORDS = 4;
/** An id takes two words and a byte; a window of more ids takes several entries. */
const ENTRY_IDS_MAX = Math.floor((CHUNK_WORDS - HEAD_WORDS - 1) / 2.25);

/**
 * The span ids of windows that closed, packed one behind the other in the order of closing, which is
 * also the order of forgetting: a queue in chunks that are reused. Each trace's entries form a list.
 */
export class IdMemory {
  /** Ids remembered. */
  size = 0;
  private readonly chunks: Int32Array[] = [];
  private readonly spare: number[] = [];
  /** Chunks in use, oldest first, and how far each is written. */
  private queue: { readonly chunk: number; end: number }[] = [];
  /** Where the oldest entry is in the first chunk. */
  private head = 0;

  constructor(private readonly traces: TraceTable) {}

  /** Remembers the ids of a trace's window. */
  remember(trace: number, closedAtS: number, ids: SpanIds): void {
    let from = 0;
    do {
      const to = Math.min(ids.count, from + ENTRY_IDS_MAX);
      this.append(trace, closedAtS, ids, from, to);
      from = to;
    } while (from < ids.count);
  }

  /** Forgets windows that closed at or before `closedAtS`, and the oldest ones while more than `ids_max` are kept. */
  forget(closedAtS: number, ids_max: number): void {
    for (let first = this.queue[0]; first !== undefined; first = this.queue[0]) {
      if (this.head === first.end) {
        this.spare.push(first.chunk);
        this.queue.shift();
        this.head = 0;
        continue;
      }
      const chunk = this.chunks[first.chunk] as Int32Array;
      const { head } = this;
      if ((chunk[head + 1] as number) > closedAtS && this.size <= ids_max) return;
      const trace = chunk[head] as number;
      const ids = chunk[head + 2] as number;
      const next = chunk[head + 3] as number;
      const { words } = this.traces.pool;
      words[trace + TRACE.remembered] = next;
      if (next < 0) words[trace + TRACE.rememberedLast] = -1;
      this.size -= ids;
      this.head = head + entryWords(ids);
    }
  }

  /** Appends what is remembered of a trace to `ids`, oldest first. */
  gather(trace: number, ids: SpanIds): void {
    let at = this.traces.pool.words[trace + TRACE.remembered] as number;
    while (at >= 0) {
      const chunk = this.chunks[at >>> CHUNK_SHIFT] as Int32Array;
      const entry = at & (CHUNK_WORDS - 1);
      const count = chunk[entry + 2] as number;
      const kinds = entry + HEAD_WORDS + 2 * count;
      for (let i = 0; i < count; i++) {
        const word = entry + HEAD_WORDS + 2 * i;
        const kind = ((chunk[kinds + (i >> 2)] as number) >>> (8 * (i & 3))) & 255;
        ids.push(chunk[word] as number, chunk[word + 1] as number, kind);
      }
      at = chunk[entry + 3] as number;
    }
  }

  /** When the last window of a trace closed that is remembered; −1 for none. */
  lastClosedAtS(trace: number): number {
    const at = this.traces.pool.words[trace + TRACE.rememberedLast] as number;
    if (at < 0) return -1;
    return (this.chunks[at >>> CHUNK_SHIFT] as Int32Array)[(at & (CHUNK_WORDS - 1)) + 1] as number;
  }

  private append(trace: number, closedAtS: number, ids: SpanIds, from: number, to: number): void {
    const count = to - from;
    const at = this.reserve(entryWords(count));
    const chunk = this.chunks[at >>> CHUNK_SHIFT] as Int32Array;
    const entry = at & (CHUNK_WORDS - 1);
    chunk[entry] = trace;
    chunk[entry + 1] = closedAtS;
    chunk[entry + 2] = count;
    chunk[entry + 3] = -1;
    let word = entry + HEAD_WORDS;
    for (let i = from; i < to; i++) {
      chunk[word++] = ids.hi[i] as number;
      chunk[word++] = ids.lo[i] as number;
    }
    for (let i = from; i < to; i += 4) {
      let kinds = 0;
      for (let k = Math.min(3, to - 1 - i); k >= 0; k--)
        kinds = (kinds << 8) | (ids.kind[i + k] as number);
      chunk[word++] = kinds;
    }
    this.size += count;
    const { words } = this.traces.pool;
    const last = words[trace + TRACE.rememberedLast] as number;
    if (last < 0) words[trace + TRACE.remembered] = at;
    else (this.chunks[last >>> CHUNK_SHIFT] as Int32Array)[(last & (CHUNK_WORDS - 1)) + 3] = at;
    words[trace + TRACE.rememberedLast] = at;
  }

  /** Where `words` more can be written. */
  private reserve(words: number): number {
    let last = this.queue[this.queue.length - 1];
    if (last === undefined || last.end + words > CHUNK_WORDS) {
      const chunk = this.spare.pop() ?? this.chunks.push(new Int32Array(CHUNK_WORDS)) - 1;
      last = { chunk, end: 0 };
      this.queue.push(last);
    }
    last.end += words;
    return (last.chunk << CHUNK_SHIFT) + last.end - words;
  }
}

function entryWords(ids: number): number {
  return HEAD_WORDS + 2 * ids + ((ids + 3) >> 2);
}
