import { type WasmConstant, type WasmMemory, WasmModule } from '@spanloom/wasm';
import { SPAN_SCAN_MODULE } from './span-scan-module';

/** Bytes of input for which there is room at first: most messages are smaller. */
const FIRST_BYTES = 256 * 1024;
/** Memory with room for more input than this, which takes 7 times as much, is not kept for messages that have less. */
const KEPT_BYTES_MAX = 4 * 1024 * 1024;

/** See wasm/span-scan.ts and wasm/scan-facts.ts. */
interface SpanScanExports {
  readonly memory: WasmMemory;
  readonly INPUT: WasmConstant;
  reserve(inputBytes: number): void;
  scanBatch(bytes: number, offset: number): number;
  scanRaw(bytes: number, offset: number): number;
  addHashes(): void;
  getFacts(): number;
  getSentAtUnixMs(): number;
  getUnreadSpans(): number;
}

const SPAN_SCAN = new WasmModule<SpanScanExports>(SPAN_SCAN_MODULE);

/** How bytes are scanned. */
export interface ScanOptions {
  /** Are these spans that follow each other, and not a `SpanBatch` body? */
  readonly raw: boolean;
  /** Are hashes wanted? */
  readonly hashes: boolean;
}

/** Where messages are scanned: the memory of the module in ../wasm, which holds one of them at a time. */
export class ScanMemory {
  /** What the last {@link scan} found, by ScanFact: the numbers from `factsAt` up to `factsEnd`. */
  facts = new Int32Array(0);
  factsAt = 0;
  factsEnd = 0;

  private module = SPAN_SCAN.instantiate();
  /** Read once: each reading is a call into the engine. */
  private readonly inputAt = this.module.INPUT.value;
  private bytes = new Uint8Array(0);
  /** Bytes of input for which there is room. */
  private room = 0;

  constructor() {
    this.reserve(FIRST_BYTES);
  }

  /** The batch's `sent_at_unix_ms`; 0 when it has none that can be read. */
  get sentAtUnixMs(): number {
    return this.module.getSentAtUnixMs();
  }

  /** Spans from the corrupt place on in a block without a size; 0 when a block begins there. */
  get unreadSpans(): number {
    return this.module.getUnreadSpans();
  }

  /** Scans `buffer[start…end)`. */
  scan(buffer: Uint8Array, start: number, end: number, options: ScanOptions): void {
    const input = buffer.subarray(start, end);
    const size = input.length;
    if (size > this.room) this.reserve(size);
    else if (this.room > KEPT_BYTES_MAX && size <= KEPT_BYTES_MAX) this.renew(size);
    const { module } = this;
    this.bytes.set(input, this.inputAt);
    const factsEnd = options.raw ? module.scanRaw(size, start) : module.scanBatch(size, start);
    if (options.hashes) module.addHashes();
    this.factsEnd = factsEnd >>> 2;
  }

  private renew(size: number): void {
    this.module = SPAN_SCAN.instantiate();
    this.reserve(Math.max(size, FIRST_BYTES));
  }

  private reserve(size: number): void {
    const { module } = this;
    module.reserve(size);
    const { buffer } = module.memory;
    this.bytes = new Uint8Array(buffer);
    this.facts = new Int32Array(buffer);
    this.factsAt = module.getFacts() >>> 2;
    this.room = size;
  }
}

let shared: ScanMemory | null = null;

/** The one of this process. */
export function sharedScanMemory(): ScanMemory {
  shared ??= new ScanMemory();
  return shared;
}
