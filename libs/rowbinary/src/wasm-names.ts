import type { WasmConstant, WasmMemory } from '@spanloom/wasm';

/** What a module exports that wants texts left in its memory. */
export interface NamedExports {
  readonly memory: WasmMemory;
  readonly NAMES: WasmConstant;
  readonly NAME_BYTES: WasmConstant;
}

/** Leaves short texts in a module's memory: each with its length first, one every so many bytes. */
export function leaveNames(
  { memory, NAMES, NAME_BYTES }: NamedExports,
  names: readonly string[],
): void {
  const bytes = new Uint8Array(memory.buffer);
  names.forEach((name, i) => {
    const at = NAMES.value + i * NAME_BYTES.value;
    bytes[at] = name.length;
    bytes.set(Buffer.from(name), at + 1);
  });
}
