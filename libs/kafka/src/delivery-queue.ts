import type { PartitionFetched } from './fetch-protocol';
import type { KafkaRecord } from './record';

/** Fetched records that wait: everything from offset `from` up to before `next`, gaps in the log included. */
interface Waiting {
  readonly from: number;
  next: number;
  readonly records: KafkaRecord[];
  bytes: number;
  /** Say that the records are not read any more. */
  readonly done: (() => void)[];
}

/** What a fetch brought, as far as it matters here. */
type Fetched = Pick<PartitionFetched, 'records' | 'nextOffset' | 'bytes' | 'done'>;

/**
 * Brings what is fetched and what is wanted together, for one partition. Pure: no clock, no I/O.
 *
 * Processor positions and log offsets differ at gaps (transaction markers, records that retention deleted): the
 * processor asks for the offset after the last record it saw, the log goes on later. `#alias` remembers one such pair.
 */
export class DeliveryQueue {
  readonly #bytes_max: number;
  #waiting: Waiting[] = [];
  /** Of what was taken last. */
  #taken: readonly (() => void)[] = [];
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
    for (const { done } of this.#waiting) for (const tell of done) tell();
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
    const { records, nextOffset: next, bytes, done } = fetched;
    if (from !== this.#fetchOffset || next === null || next <= from) {
      done();
      return;
    }
    this.#fetchOffset = next;
    this.#bytes += bytes;
    const last = this.#waiting.at(-1);
    if (last !== undefined && last.bytes + bytes <= this.#bytes_max) {
      for (const record of records) last.records.push(record);
      last.next = next;
      last.bytes += bytes;
      last.done.push(done);
    } else {
      this.#waiting.push({ from, next, records, bytes, done: [done] });
    }
  }

  /**
   * Records to process at `position`, or null when none of those that wait fit. Then, if what waits starts elsewhere,
   * it is dropped and `fetchOffset` goes to the position. They can be read until {@link done} is called.
   */
  take(position: number): readonly KafkaRecord[] | null {
    const wanted = this.#alias.position === position ? this.#alias.offset : position;
    while (this.#waiting[0] !== undefined && this.#waiting[0].next <= wanted) {
      this.#shift();
      this.done();
    }
    const head = this.#waiting[0];
    if (head === undefined || wanted < head.from) {
      if (head !== undefined || this.#fetchOffset !== wanted) this.seek(wanted);
      return null;
    }
    this.#shift();
    const records = from(head.records, wanted);
    const last = records.at(-1);
    this.#alias = { position: last === undefined ? position : last.offset + 1, offset: head.next };
    if (last !== undefined) return records;
    this.done();
    return this.take(position);
  }

  /** Says that what was taken last is not read any more. */
  done(): void {
    for (const tell of this.#taken) tell();
    this.#taken = [];
  }

  #shift(): void {
    const head = this.#waiting.shift();
    this.#bytes -= head?.bytes ?? 0;
    this.#taken = head?.done ?? [];
  }
}

/** The records with offset ≥ `offset`, without a copy in the common case. */
function from(records: readonly KafkaRecord[], offset: number): readonly KafkaRecord[] {
  const first = records[0];
  if (first === undefined || first.offset >= offset) return records;
  const start = records.findIndex((record) => record.offset >= offset);
  return start < 0 ? [] : records.slice(start);
}
