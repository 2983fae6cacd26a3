import { SPAN_KIND_NAMES, STATUS_CODE_NAMES } from '@spanloom/model';
import { type WasmMemory, WasmModule } from '@spanloom/wasm';
import type { ByteWriter } from './byte-writer';
import { SpanFault, SpanStream } from './span-layout';
import { SPAN_ROWS_MODULE } from './span-rows-module';

/** Bytes of spans that the module holds as columns at most, unless one piece is larger. */
export const STAGE_BYTES = 128 * 1024;

const STREAMS: number = SpanStream.count;

interface Constant {
  readonly value: number;
}

/** See wasm/span-rows.ts and wasm/streams.ts. */
interface SpanRowsExports {
  readonly memory: WasmMemory;
  readonly POSITIONS: Constant;
  readonly COUNTS: Constant;
  readonly BASES: Constant;
  readonly NAMES: Constant;
  readonly NAME_BYTES: Constant;
  reserve(inputBytes: number): number;
  clear(): void;
  readSpans(
    start: number,
    end: number,
    shift: number,
    partition: number,
    seqLo: number,
    seqHi: number,
    storedAtS: number,
  ): number;
  getStoppedAt(): number;
  getFault(): SpanFault;
  getFacts(): number;
}

/** Whose spans are in the stage: where they go from there, and what is counted on from one visit to the next. */
export interface StageOwner {
  /** By {@link SpanStream}. */
  readonly writers: readonly ByteWriter[];
  /** Elements in rows so far, by {@link SpanStream}. */
  readonly elements: BigUint64Array;
}

/** What is the same for all spans of a fragment. */
export interface FragmentPlace {
  readonly partition: number;
  /** Halves of its number. */
  readonly seqLo: number;
  readonly seqHi: number;
  /** Seconds since 1970. */
  readonly storedAtS: number;
}

const SPAN_ROWS = new WasmModule<SpanRowsExports>(SPAN_ROWS_MODULE);

/**
 * Where spans become columns: the memory of the module in ../wasm. It is small, so that it stays in the processor's
 * cache, and there is one for all partitions of a process: whoever reads spans has it, and what another's spans left
 * there goes to that one's columns first.
 */
export class SpanStage {
  /** What is told of each span that {@link read} read last, by SpanFact; the first one's place is `factsAt`. */
  facts = new Int32Array(0);
  factsAt = 0;
  /** Where the last {@link read} came to, and why no further. */
  stoppedAt = 0;
  fault = SpanFault.none;

  private readonly module = SPAN_ROWS.instantiate();
  private readonly positionsAt = this.module.POSITIONS.value >>> 2;
  private readonly basesAt = this.module.BASES.value >>> 2;
  private owner: StageOwner | null = null;
  /** Bytes of input for which there is room, and those whose rows are here. */
  private room = 0;
  private used = 0;
  private inputAt = 0;
  // Views of the module's memory, made again when it grows.
  private bytes = new Uint8Array(0);
  private words = new Uint32Array(0);

  constructor() {
    this.reserve(STAGE_BYTES);
    const { NAMES, NAME_BYTES } = this.module;
    [...SPAN_KIND_NAMES, ...STATUS_CODE_NAMES].forEach((name, i) => {
      const at = NAMES.value + i * NAME_BYTES.value;
      this.bytes[at] = name.length;
      this.bytes.set(Buffer.from(name), at + 1);
    });
  }

  /**
   * Turns the spans in `buffer[start…end)` into rows of `owner`, up to the first that cannot be read.
   * @returns how many there were
   */
  read(
    owner: StageOwner,
    place: FragmentPlace,
    buffer: Uint8Array,
    start: number,
    end: number,
  ): number {
    const size = end - start;
    if (owner !== this.owner) this.take(owner);
    else if (this.used + size > STAGE_BYTES) this.flush();
    if (size > this.room) this.reserve(size);
    this.used += size;
    const { module, inputAt } = this;
    this.bytes.set(buffer.subarray(start, end), inputAt);
    const count = module.readSpans(
      inputAt,
      inputAt + size,
      start - inputAt,
      place.partition,
      place.seqLo,
      place.seqHi,
      place.storedAtS,
    );
    this.stoppedAt = module.getStoppedAt() + start - inputAt;
    this.fault = module.getFault();
    return count;
  }

  /** Bytes of an owner's columns that are still here. */
  byteCountOf(owner: StageOwner): number {
    if (owner !== this.owner) return 0;
    const { words, positionsAt, basesAt } = this;
    let sum = 0;
    for (let i = 0; i < STREAMS; i++) {
      sum += (words[positionsAt + i] as number) - (words[basesAt + i] as number);
    }
    return sum;
  }

  /** Lets an owner have what is here of its columns. */
  release(owner: StageOwner): void {
    if (owner === this.owner) this.flush();
  }

  /** Forgets what is here of an owner's columns, and what was counted for it. */
  forget(owner: StageOwner): void {
    owner.elements.fill(0n);
    if (owner !== this.owner) return;
    this.empty();
    this.owner = null;
  }

  private take(owner: StageOwner): void {
    this.flush();
    this.owner = owner;
    this.elements().set(owner.elements);
  }

  private flush(): void {
    if (this.owner === null) return;
    const { words, positionsAt, basesAt } = this;
    const { writers, elements } = this.owner;
    for (let i = 0; i < STREAMS; i++) {
      const from = words[basesAt + i] as number;
      const to = words[positionsAt + i] as number;
      if (to > from) (writers[i] as ByteWriter).append(this.bytes.subarray(from, to));
    }
    elements.set(this.elements());
    this.empty();
  }

  private empty(): void {
    this.module.clear();
    this.used = 0;
  }

  /** Counts in the module's memory. */
  private elements(): BigUint64Array {
    const { memory, COUNTS } = this.module;
    return new BigUint64Array(memory.buffer, COUNTS.value, STREAMS);
  }

  /** Makes room for a piece of so many bytes: nothing may be here. */
  private reserve(size: number): void {
    const { module } = this;
    this.inputAt = module.reserve(size);
    this.room = size;
    const { buffer } = module.memory;
    this.bytes = new Uint8Array(buffer);
    this.words = new Uint32Array(buffer);
    this.facts = new Int32Array(buffer);
    this.factsAt = module.getFacts() >>> 2;
  }
}

let shared: SpanStage | null = null;

/** The stage of this process. */
export function sharedStage(): SpanStage {
  shared ??= new SpanStage();
  return shared;
}
