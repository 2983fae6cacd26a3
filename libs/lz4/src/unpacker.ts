import { PAGE_BYTES, type WasmMemory, WasmModule } from '@spanloom/wasm';
import { BLOCK_MODULE } from './block-module';

/** What the module may read and write too much. */
const SLACK_BYTES = 64;
/** A memory that had to grow beyond this is not kept for the next frame. */
const KEPT_BYTES_MAX = 32 * 1024 * 1024;

interface BlockExports {
  readonly memory: WasmMemory;
  /** See wasm/block.ts. */
  unpackBlock(at: number, end: number, to: number, limit: number, floor: number): number;
}

const BLOCK = new WasmModule<BlockExports>(BLOCK_MODULE);

/** Content of a frame as it is unpacked, block by block, in memory that is used again for the next frame. */
export class Unpacker {
  private instance: BlockExports | null = null;
  private bytes = new Uint8Array(0);
  /** Where the content begins, and where it ends so far. */
  private start = 0;
  private to = 0;

  /** Begins a frame whose blocks lie in `packed`. */
  open(packed: Uint8Array): void {
    if (this.instance === null || this.bytes.length > KEPT_BYTES_MAX)
      this.instance = BLOCK.instantiate();
    this.start = packed.length + SLACK_BYTES;
    this.to = this.start;
    this.reserve(0);
    this.bytes.set(packed);
  }

  /** Bytes of content so far. */
  get length(): number {
    return this.to - this.start;
  }

  /**
   * Appends the content of a block, at most `content_max` bytes. False when it is broken or has more.
   * @param isLinked whether its matches may refer to blocks before it
   */
  unpack(at: number, end: number, content_max: number, isLinked: boolean): boolean {
    this.reserve(content_max);
    const floor = isLinked ? this.start : this.to;
    const { unpackBlock } = this.instance as BlockExports;
    const reached = unpackBlock(at, end, this.to, this.to + content_max, floor);
    if (reached < 0) return false;
    this.to = reached;
    return true;
  }

  /** Appends a block that was stored as it is. */
  copy(at: number, end: number): void {
    this.reserve(end - at);
    this.bytes.copyWithin(this.to, at, end);
    this.to += end - at;
  }

  /** The content: valid until the next frame is begun. */
  content(): Uint8Array {
    return this.bytes.subarray(this.start, this.to);
  }

  /** Makes room for `bytes` more. */
  private reserve(bytes: number): void {
    const { memory } = this.instance as BlockExports;
    const needed = this.to + bytes + SLACK_BYTES;
    const has = memory.buffer.byteLength;
    if (needed > has) memory.grow(Math.ceil(Math.max(needed - has, has / 2) / PAGE_BYTES));
    if (this.bytes.buffer !== memory.buffer) this.bytes = new Uint8Array(memory.buffer);
  }
}
