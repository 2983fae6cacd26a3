// Memory for what grows until all of it is forgotten at once: nothing is given back by itself.

import { reach } from '../../wasm/wasm/memory';

const ALIGN: usize = 8;

let first: usize = 0;
let top: usize = 0;

/** Bytes taken. */
export function taken(): usize {
  return top - first;
}

/** Begins at `at`, with nothing taken. */
export function open(at: usize): void {
  first = at;
  top = at;
}

/** Takes so many bytes, all 0. */
export function takeZeros(bytes: usize): usize {
  const at = top;
  top = (top + bytes + ALIGN - 1) & ~(ALIGN - 1);
  reach(top);
  memory.fill(at, 0, bytes);
  return at;
}

/** The first byte that is not taken. */
export function free(): usize {
  return top;
}
