import { NONE, RecordPool } from './record-pool';
import { SpanArena } from './span-arena';
import type { SpanIds } from './span-ids';

/** Words of an open window's record. */
export const WINDOW = {
  openedAtS: 0,
  /** The trace that it belongs to: its record in the trace table. */
  trace: 1,
  /** 1 when one of its spans has no parent. */
  root: 2,
  spans: 3,
  bytes: 4,
  /** First and last block of its spans' bytes in the arena. */
  first: 5,
  last: 6,
  /** Schema id of the span that came last. */
  schema: 7,
  /** First and last record of its span ids. */
  ids: 8,
  idsLast: 9,
  /** For the journal: number of the segment that began it there, 0 for none; spans and bytes it has. */
  segment: 10,
  savedSpans: 11,
  savedBytes: 12,
  /** 1 when the journal will write it next. */
  changed: 13,
} as const;

const WINDOW_WORDS = 14;
/** An ids record: the next one, then five ids of three words. */
const IDS_PER_RECORD = 5;
const IDS_WORDS = 1 + 3 * IDS_PER_RECORD;

/** Spans that follow each other in a window and were written with one schema. */
export interface SchemaRun {
  readonly schemaId: number;
  readonly spans: number;
  readonly bytes: number;
}

/** The open windows of a partition: a record for each, their spans' bytes and ids in chains. */
export class OpenWindows {
  readonly pool = new RecordPool(WINDOW_WORDS);
  /** Where their spans' bytes are; replaced by {@link shrinkIfSparse}. */
  arena = new SpanArena();
  private readonly ids = new RecordPool(IDS_WORDS);
  /** Runs before the last one, of the few windows that have several. */
  private readonly earlierRuns = new Map<number, SchemaRun[]>();

  open(trace: number, openedAtS: number): number {
    const window = this.pool.take();
    const { words } = this.pool;
    words[window + WINDOW.openedAtS] = openedAtS;
    words[window + WINDOW.trace] = trace;
    return window;
  }

  /** Appends a span whose `length` bytes are at `at` in the arena; `kind` as its Avro byte. */
  append(window: number, schemaId: number, at: number, length: number, kind: number): void {
    const { arena } = this;
    const { words } = this.pool;
    const spans = words[window + WINDOW.spans] as number;
    if (words[window + WINDOW.schema] !== schemaId) this.beginRun(window, schemaId);
    const hi = arena.view.getInt32(at + 16);
    const lo = arena.view.getInt32(at + 20);
    this.appendId(window, spans, hi, lo, kind);
    const last = words[window + WINDOW.last] as number;
    const bytes = words[window + WINDOW.bytes] as number;
    words[window + WINDOW.last] = arena.append(last, bytes, at, length);
    if (last === 0) words[window + WINDOW.first] = arena.started;
    words[window + WINDOW.spans] = spans + 1;
    words[window + WINDOW.bytes] = bytes + length;
  }

  /** Appends the ids of a window's spans, in order of arrival. */
  gatherIds(window: number, into: SpanIds): void {
    const { words } = this.ids;
    const spans = this.pool.words[window + WINDOW.spans] as number;
    let record = this.pool.words[window + WINDOW.ids] as number;
    for (let i = 0, word = record + 1; i < spans; i++, word += 3) {
      if (i > 0 && i % IDS_PER_RECORD === 0) {
        record = words[record] as number;
        word = record + 1;
      }
      into.push(words[word] as number, words[word + 1] as number, words[word + 2] as number);
    }
  }

  /** The window's runs from its first span on, or what came after that many spans and bytes. */
  runs(window: number, afterSpans = 0, afterBytes = 0): SchemaRun[] {
    const { words } = this.pool;
    const runs: SchemaRun[] = [];
    let skipSpans = afterSpans;
    let skipBytes = afterBytes;
    let spans = 0;
    let bytes = 0;
    const add = (run: SchemaRun): void => {
      spans += run.spans;
      bytes += run.bytes;
      if (run.spans > skipSpans) {
        runs.push({
          schemaId: run.schemaId,
          spans: run.spans - skipSpans,
          bytes: run.bytes - skipBytes,
        });
      }
      skipBytes = Math.max(0, skipBytes - run.bytes);
      skipSpans = Math.max(0, skipSpans - run.spans);
    };
    this.earlierRuns.get(window)?.forEach(add);
    add({
      schemaId: words[window + WINDOW.schema] as number,
      spans: (words[window + WINDOW.spans] as number) - spans,
      bytes: (words[window + WINDOW.bytes] as number) - bytes,
    });
    return runs;
  }

  /** All spans were written with one schema. */
  hasOneSchema(window: number): boolean {
    return this.earlierRuns.size === 0 || !this.earlierRuns.has(window);
  }

  /** Gives back everything that the window held. */
  release(window: number): void {
    const { words } = this.pool;
    this.arena.release(
      words[window + WINDOW.first] as number,
      words[window + WINDOW.last] as number,
    );
    for (let record = words[window + WINDOW.ids] as number; record !== NONE; ) {
      const next = this.ids.words[record] as number;
      this.ids.give(record);
      record = next;
    }
    this.earlierRuns.delete(window);
    this.pool.give(window);
  }

  private appendId(window: number, spans: number, hi: number, lo: number, kind: number): void {
    const { words } = this.pool;
    let record = words[window + WINDOW.idsLast] as number;
    const place = spans % IDS_PER_RECORD;
    if (place === 0) {
      const fresh = this.ids.take();
      if (record === NONE) words[window + WINDOW.ids] = fresh;
      else this.ids.words[record] = fresh;
      words[window + WINDOW.idsLast] = fresh;
      record = fresh;
    }
    const at = record + 1 + 3 * place;
    this.ids.words[at] = hi;
    this.ids.words[at + 1] = lo;
    this.ids.words[at + 2] = kind;
  }

  private beginRun(window: number, schemaId: number): void {
    const { words } = this.pool;
    if ((words[window + WINDOW.spans] as number) > 0) {
      const earlier = this.earlierRuns.get(window) ?? [];
      const [last] = this.runs(window).slice(-1);
      if (last !== undefined) earlier.push(last);
      this.earlierRuns.set(window, earlier);
    }
    words[window + WINDOW.schema] = schemaId;
  }
}
