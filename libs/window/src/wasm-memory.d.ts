/** What is used of WebAssembly: every Node has it, but its types come with the browser's. */
declare namespace WebAssembly {
  class Memory {
    /** Sizes in pages of 64 KiB. RangeError when they cannot be had. */
    constructor(size: { readonly initial: number; readonly maximum: number });
    /** Replaced by {@link grow}. */
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
}
