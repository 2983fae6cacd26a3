import { randomBytes } from 'node:crypto';
import { SPAN_KIND_NAMES, STATUS_CODE_NAMES } from '@spanloom/model';
import { PEER_ATTRIBUTES } from '@spanloom/trace';
import { type WasmConstant, type WasmMemory, WasmModule } from '@spanloom/wasm';
import type { ByteWriter } from './byte-writer';
import { SpanFault, Stream } from './stage-layout';
import { STAGE_MODULE } from './stage-module';
import { leaveNames } from './wasm-names';

const STREAMS: number = Stream.count;
/** The name under which spans of services are counted of which a trace has too many to tell apart. */
const OTHER_SERVICES = '(other)';
/** In the order of the module's names: see stage-layout.ts. */
const NAMES = [...SPAN_KIND_NAMES, ...STATUS_CODE_NAMES, OTHER_SERVICES, ...PEER_ATTRIBUTES];
/** Memory that one large fragment needed is not kept beyond this; most of it is places that are never written to. */
const KEPT_BYTES_MAX = 192 * 1024 * 1024;

/** See wasm/stage.ts. */
interface StageExports {
  readonly memory: WasmMemory;
  readonly POSITIONS: WasmConstant;
  readonly COUNTS: WasmConstant;
  readonly BASES: WasmConstant;
  readonly NAMES: WasmConstant;
  readonly NAME_BYTES: WasmConstant;
  readonly TRACE_ID: WasmConstant;
  layStreams(): void;
  setSeed(seed: bigint): void;
  clear(): void;
  begin(bytes: number, partition: number, seqLo: number, seqHi: number, storedAtS: number): number;
  readSpans(start: number, end: number): number;
  getStoppedAt(): number;
  getFault(): SpanFault;
  finish(
    reason: number,
    late: number,
    openedAtS: number,
    closedAtS: number,
    duplicateCount: number,
    deadLetteredCount: number,
  ): void;
  amend(): void;
  takeCalls(): void;
}

/** Whose fragments are in the stage: where they go from there, and what is counted on from one visit to the next. */
export class StageOwner {
  /** By {@link Stream}; null where nobody wants the values. */
  readonly writers = new Array<ByteWriter | null>(STREAMS).fill(null);
  /** Elements in rows so far, by {@link Stream}. */
  readonly elements = new BigUint64Array(STREAMS);

  /** @param addCalls takes records of calls, valid until it returns: see CALL in stage-layout.ts */
  constructor(readonly addCalls: (records: Uint8Array) => void = () => undefined) {}
}

/** Where the rows of a fragment's spans say that they come from. */
export interface FragmentPlace {
  readonly partition: number;
  readonly seq: number;
  /** Seconds since 1970. */
  readonly storedAtS: number;
}

/** What a fragment says of itself; `@spanloom/avro`'s FragmentReader has it. */
export interface FragmentFields {
  readonly buffer: Uint8Array;
  readonly traceIdAt: number;
  /** 0 complete, 1 idle, 2 expired, 3 oversize, 4 evicted. */
  readonly reason: number;
  readonly late: boolean;
  readonly openedAtS: number;
  readonly closedAtS: number;
  readonly duplicateCount: number;
}

const STAGE = new WasmModule<StageExports>(STAGE_MODULE);

/**
 * Where spans become columns, and fragments rows: the memory of the module in ../wasm. What is written at a time is
 * small, so that it stays in the processor's cache, and there is one for all partitions of a process: whoever begins a
 * fragment has it, and what another's left there goes to that one's columns first.
 */
export class Stage {
  /** Where the last {@link read} came to, and why no further. */
  stoppedAt = 0;
  fault = SpanFault.none;

  private module = this.instantiate();
  // The same for all instances.
  private readonly basesAt = this.module.BASES.value >>> 2;
  private readonly positionsAt = this.module.POSITIONS.value >>> 2;
  private readonly traceIdAt = this.module.TRACE_ID.value;
  private owner: StageOwner | null = null;
  /** Where the next spans of the fragment are put. */
  private nextAt = 0;
  // Views of the module's memory, made again when it grows.
  private bytes = new Uint8Array(0);
  private words = new Uint32Array(0);

  /** Begins a fragment of `owner` whose spans have `size` bytes, or less. */
  begin(owner: StageOwner, place: FragmentPlace, size: number): void {
    if (owner !== this.owner) this.take(owner);
    const { partition, seq, storedAtS } = place;
    const { module } = this;
    this.nextAt = module.begin(size, partition, seq >>> 0, Math.floor(seq / 2 ** 32), storedAtS);
    if (this.bytes.buffer !== module.memory.buffer) this.view();
  }

  /**
   * Turns the spans in `buffer[start…end)` into rows, up to the first that cannot be read.
   * @returns how many there were
   */
  read(buffer: Uint8Array, start: number, end: number): number {
    const { module, nextAt } = this;
    this.bytes.set(buffer.subarray(start, end), nextAt);
    this.nextAt += end - start;
    const count = module.readSpans(nextAt, this.nextAt);
    this.stoppedAt = module.getStoppedAt() - nextAt + start;
    this.fault = module.getFault();
    return count;
  }

  /** Writes the row of the fragment, and its calls. `deadLettered`: spans of it that could not be read. */
  finish(fields: FragmentFields, deadLettered: number): void {
    const { buffer, traceIdAt } = fields;
    const to = this.traceIdAt;
    for (let i = 0; i < 16; i++) this.bytes[to + i] = buffer[traceIdAt + i] as number;
    this.module.finish(
      fields.reason,
      fields.late ? 1 : 0,
      fields.openedAtS,
      fields.closedAtS,
      fields.duplicateCount,
      deadLettered,
    );
  }

  /** Writes what the analysis of the spans gives, and their calls, but nothing of the fragment itself. */
  amend(): void {
    this.module.amend();
  }

  /** Takes the calls of the spans out again, instead of writing anything. */
  takeCalls(): void {
    this.module.takeCalls();
  }

  /** Bytes that are still here of some of an owner's streams. */
  byteCountOf(owner: StageOwner, streams: readonly Stream[]): number {
    if (owner !== this.owner) return 0;
    let sum = 0;
    for (const stream of streams) sum += this.endOf(stream) - this.beginOf(stream);
    return sum;
  }

  /** Lets an owner have what is here of its own. */
  release(owner: StageOwner): void {
    if (owner !== this.owner) return;
    this.flush();
    owner.elements.set(this.elements());
    this.owner = null;
  }

  private take(owner: StageOwner): void {
    if (this.owner !== null) this.release(this.owner);
    if (this.bytes.length > KEPT_BYTES_MAX) this.module = this.instantiate();
    if (this.bytes.buffer !== this.module.memory.buffer) this.view();
    this.owner = owner;
    this.elements().set(owner.elements);
  }

  /** Hands over what is in the streams, and empties them. */
  private flush(): void {
    const { owner, bytes } = this;
    if (owner === null) return;
    for (let stream = 0; stream < STREAMS; stream++) {
      const from = this.beginOf(stream);
      const to = this.endOf(stream);
      if (to === from) continue;
      const written = bytes.subarray(from, to);
      if (stream === Stream.calls) owner.addCalls(written);
      else owner.writers[stream]?.append(written);
    }
    this.module.clear();
  }

  private beginOf(stream: Stream): number {
    return this.words[this.basesAt + stream] as number;
  }

  private endOf(stream: Stream): number {
    return this.words[this.positionsAt + stream] as number;
  }

  /** Counts in the module's memory. */
  private elements(): BigUint64Array {
    const { memory, COUNTS } = this.module;
    return new BigUint64Array(memory.buffer, COUNTS.value, STREAMS);
  }

  private view(): void {
    const { buffer } = this.module.memory;
    this.bytes = new Uint8Array(buffer);
    this.words = new Uint32Array(buffer);
  }

  private instantiate(): StageExports {
    const module = STAGE.instantiate({ stage: { flush: () => this.flush() } });
    module.layStreams();
    module.setSeed(randomBytes(8).readBigUInt64LE());
    leaveNames(module, NAMES);
    return module;
  }
}

let shared: Stage | null = null;

/** The stage of this process. */
export function sharedStage(): Stage {
  shared ??= new Stage();
  return shared;
}
