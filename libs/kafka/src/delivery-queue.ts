import type { KafkaRecord } from './record';

/** Fetched records that wait: everything from offset `from` up to before `next`, gaps in the log included. */
interface Waiting {
  readonly from: number;
  next: number;
  readonly records: KafkaRecord[];
  bytes: number;
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
    this.#waiting = [];
    this.#bytes = 0;
    this.#fetchOffset = offset;
  }

  /** The log has nothing between `position` and `offset`: whoever wants `position` gets what starts at `offset`. */
  skip(position: number, offset: number): void {
    this.seek(offset);
    this.#alias = { position, offset };
  }

  /** Takes what a fetch at `from` brought; `next` is where the log goes on. Answers to an earlier position are dropped. */
  push(from: number, next: number, records: KafkaRecord[], bytes: number): void {
    if (from !== this.#fetchOffset || next <= from) return;
    this.#fetchOffset = next;
    this.#bytes += bytes;
    const last = this.#waiting.at(-1);
    if (last !== undefined && last.bytes + bytes <= this.#bytes_max) {
      for (const record of records) last.records.push(record);
      last.next = next;
      last.bytes += bytes;
    } else {
      this.#waiting.push({ from, next, records, bytes });
    }
  }

  /**
   * Records to process at `position`, or null when none of those that wait fit. Then, if what waits starts elsewhere,
   * it is dropped and `fetchOffset` goes to the position.
   */
  take(position: number): readonly KafkaRecord[] | null {
    const wanted = this.#alias.position === position ? this.#alias.offset : position;
    while (this.#waiting[0] !== undefined && this.#waiting[0].next <= wanted) this.#shift();
    const head = this.#waiting[0];
    if (head === undefined || wanted < head.from) {
      if (head !== undefined || this.#fetchOffset !== wanted) this.seek(wanted);
      return null;
    }
    this.#shift();
    const records = from(head.records, wanted);
    const last = records.at(-1);
    this.#alias = { position: last === undefined ? position : last.offset + 1, offset: head.next };
    return last === undefined ? this.take(position) : records;
  }

  #shift(): void {
    this.#bytes -= this.#waiting.shift()?.bytes ?? 0;
  }
}

/** The records with offset ≥ `offset`, without a copy in the common case. */
function from(records: readonly KafkaRecord[], offset: number): readonly KafkaRecord[] {
  const first = records[0];
  if (first === undefined || first.offset >= offset) return records;
  const start = records.findIndex((record) => record.offset >= offset);
  return start < 0 ? [] : records.slice(start);
}
