/// <reference path="./webassembly.d.ts" />

/** WebAssembly's unit of memory. */
export const PAGE_BYTES = 65_536;

/** Memory that grows in place: what lies in it is not copied. */
export interface WasmMemory {
  /** Replaced by {@link grow}, as it is when a module grows it: views of the one before are empty then. */
  readonly buffer: ArrayBuffer;
  /** RangeError when so many pages more cannot be had; gives how many there were. */
  grow(pages: number): number;
}

/** Memory by itself, without a module: sizes in pages. RangeError when they cannot be had. */
export function createMemory(size: {
  readonly initial: number;
  readonly maximum: number;
}): WasmMemory {
  return new WebAssembly.Memory(size);
}

/** A constant that a module exports: each reading of it is a call into the engine. */
export interface WasmConstant {
  readonly value: number;
}

/** Functions that a module calls. */
export type WasmImports = Readonly<Record<string, Readonly<Record<string, () => void>>>>;

/** A module, compiled when it is first wanted. */
export class WasmModule<Exports> {
  private compiled: WebAssembly.Module | null = null;

  /** @param base64 the module's bytes; what it exports must be `Exports` */
  constructor(private readonly base64: string) {}

  /**
   * A new instance, with memory of its own.
   * @param imports what the module calls, by module and name as its source declares them
   */
  instantiate(imports: WasmImports = {}): Exports {
    this.compiled ??= new WebAssembly.Module(Buffer.from(this.base64, 'base64'));
    return new WebAssembly.Instance(this.compiled, imports).exports as unknown as Exports;
  }
}
