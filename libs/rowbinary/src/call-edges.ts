import { randomBytes } from 'node:crypto';
import { CONNECTION_TYPES, UNPAIRED } from '@spanloom/trace';
import { type WasmConstant, type WasmMemory, WasmModule } from '@spanloom/wasm';
import { EDGES_MODULE } from './edges-module';
import type { EdgeStream } from './stage-layout';
import { leaveNames } from './wasm-names';

/** See wasm/edges.ts. */
interface EdgesExports {
  readonly memory: WasmMemory;
  readonly INBOX: WasmConstant;
  readonly NAMES: WasmConstant;
  readonly NAME_BYTES: WasmConstant;
  setSeed(seed: bigint): void;
  clear(): void;
  addCalls(bytes: number): void;
  getCount(): number;
  getBytes(): number;
  countLeft(): number;
  writeColumn(stream: EdgeStream, before: number): number;
  getColumnEnd(): number;
}

const EDGES = new WasmModule<EdgesExports>(EDGES_MODULE);
/** Memory that many edges needed is not kept beyond this. */
const KEPT_BYTES_MAX = 8 * 1024 * 1024;

/** Calls of many traces, gathered per edge of the service graph and minute: counts, and durations as the two sides saw them. */
export class CallEdges {
  private module = instantiate();
  /** Read once: each reading is a call into the engine. */
  private readonly inboxAt = this.module.INBOX.value;
  private bytes = new Uint8Array(0);

  /** How many edges and minutes there are, also those of which nothing is left. */
  get size(): number {
    return this.module.getCount();
  }

  /** Bytes of memory that they take. */
  get byteCount(): number {
    return this.module.getBytes();
  }

  /** How many there are of which anything is left after calls were taken out again. */
  get leftCount(): number {
    return this.module.countLeft();
  }

  /** Adds calls, as {@link Stage} writes them. */
  add(records: Uint8Array): void {
    this.view().set(records, this.inboxAt);
    this.module.addCalls(records.length);
  }

  /**
   * Values of what is left, in the order in which edges came: the same calls in the same order give the same. Valid
   * until anything else is asked for.
   * @param before elements that rows before these have in the stream: ends are counted from there
   */
  column(stream: EdgeStream, before: number): Uint8Array {
    const from = this.module.writeColumn(stream, before);
    return this.view().subarray(from, this.module.getColumnEnd());
  }

  clear(): void {
    if (this.module.memory.buffer.byteLength > KEPT_BYTES_MAX) this.module = instantiate();
    else this.module.clear();
  }

  private view(): Uint8Array {
    const { buffer } = this.module.memory;
    if (this.bytes.buffer !== buffer) this.bytes = new Uint8Array(buffer);
    return this.bytes;
  }
}

function instantiate(): EdgesExports {
  const module = EDGES.instantiate();
  module.clear();
  module.setSeed(randomBytes(8).readBigUInt64LE());
  leaveNames(module, [...CONNECTION_TYPES, UNPAIRED]);
  return module;
}
