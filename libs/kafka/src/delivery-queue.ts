import type { PartitionFetched } from './fetch-protocol';
import type { KafkaRecord } from './record';

/** What a fetch brought, as far as it matters here. */
type Fetched = Pick<PartitionFetched, 'nextOffset' | 'bytes' | 'decode' | 'done'>;

/** Fetches that wait: everything from offset `from` up to before `next`, gaps in the log included. */
interface Waiting {
  readonly from: number;
  next: number;
  bytes: number;
  readonly fetches: Fetched[];
}

/**
 * Brings what is fetched and what is wanted together, for one partition. Pure: no clock, no I/O.
 *
 * Processor positions and log offsets differ at gaps (transaction markers, records that retention deleted): the
 * processor asks for the offset after the last record it saw, the log goes on later. `#alias` remembers one such pair.
 */
export class DeliveryQueue {
  readonly #bytes_max: number;
  #waiting: Waiting[] = [];
  /** What was taken last, the position that it was for, and the offset in the log that this means. */
  #taken: { readonly head: Waiting; readonly position: number; readonly wanted: number } | null =
    null;
  #bytes = 0;
  #fetchOffset = 0;
  #alias = { position: -1, offset: -1 };

  /** Takes the bytes up to which more is fetched while some waits. */
  constructor(bytes_max: number) {
    this.#bytes_max = bytes_max;
  }

  /** Where the next fetch starts. */
  get fetchOffset(): number {
    return this.#fetchOffset;
  }

  /** Whether no more should be fetched for now. */
  get isFull(): boolean {
    return this.#bytes >= this.#bytes_max;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Forgets what waits; the next fetch starts at `offset`. */
  seek(offset: number): void {
    for (const head of this.#waiting) finish(head);
    this.#waiting = [];
    this.#bytes = 0;
    this.#fetchOffset = offset;
  }

  /** The log has nothing between `position` and `offset`: whoever wants `position` gets what starts at `offset`. */
  skip(position: number, offset: number): void {
    this.seek(offset);
    this.#alias = { position, offset };
  }

  /** Takes what a fetch at `from` brought. Answers to an earlier position are dropped. */
  push(from: number, fetched: Fetched): void {
    const { nextOffset: next, bytes } = fetched;
    if (from !== this.#fetchOffset || next === null || next <= from) {
      fetched.done();
      return;
    }
    this.#fetchOffset = next;
    this.#bytes += bytes;
    const last = this.#waiting.at(-1);
    if (last !== undefined && last.bytes + bytes <= this.#bytes_max) {
      last.fetches.push(fetched);
      last.next = next;
      last.bytes += bytes;
    } else {
      this.#waiting.push({ from, next, bytes, fetches: [fetched] });
    }
  }

  /**
   * Takes what is to be processed at `position`, for {@link open}; false when none of what waits fits. Then, if it starts
   * elsewhere, it is dropped and `fetchOffset` goes to the position.
   */
  take(position: number): boolean {
    const wanted = this.#alias.position === position ? this.#alias.offset : position;
    while (this.#waiting[0] !== undefined && this.#waiting[0].next <= wanted) {
      finish(this.#shift() as Waiting);
    }
    const first = this.#waiting[0];
    if (first === undefined || wanted < first.from) {
      if (first !== undefined || this.#fetchOffset !== wanted) this.seek(wanted);
      return false;
    }
    this.#taken = { head: this.#shift() as Waiting, position, wanted };
    return true;
  }

  /** Unpacks the records of what was taken last, perhaps none. They can be read until {@link done} is called. */
  async open(): Promise<readonly KafkaRecord[]> {
    if (this.#taken === null) return [];
    const { head, position, wanted } = this.#taken;
    const all: KafkaRecord[] = [];
    for (const { decode } of head.fetches) for (const record of await decode()) all.push(record);
    const records = from(all, wanted);
    const last = records.at(-1);
    this.#alias = { position: last === undefined ? position : last.offset + 1, offset: head.next };
    return records;
  }

  /** Says that what was taken last is not read any more. */
  done(): void {
    if (this.#taken !== null) finish(this.#taken.head);
    this.#taken = null;
  }

  #shift(): Waiting | undefined {
    const head = this.#waiting.shift();
    this.#bytes -= head?.bytes ?? 0;
    return head;
  }
}

function finish(head: Waiting): void {
  for (const { done } of head.fetches) done();
}

/** The records with offset ≥ `offset`, without a copy in the common case. */
function from(records: readonly KafkaRecord[], offset: number): readonly KafkaRecord[] {
  const first = records[0];
  if (first === undefined || first.offset >= offset) return records;
  const start = records.findIndex((record) => record.offset >= offset);
  return start < 0 ? [] : records.slice(start);
}
