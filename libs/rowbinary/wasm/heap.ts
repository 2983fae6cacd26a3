// Memory for what grows until all of it is forgotten at once: nothing is given back by itself.

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

/** Takes so many bytes, with anything in them. */
export function take(bytes: usize): usize {
  const at = top;
  top = (top + bytes + ALIGN - 1) & ~(ALIGN - 1);
  reach(top);
  return at;
}

/** Takes so many bytes, all 0. */
export function takeZeros(bytes: usize): usize {
  const at = take(bytes);
  memory.fill(at, 0, bytes);
  return at;
}

/** The first byte that is not taken. */
export function free(): usize {
  return top;
}

/** Lets the memory go up to `end` at least. */
export function reach(end: usize): void {
  const pages = <i32>((end + 0xffff) >>> 16) - memory.size();
  if (pages > 0 && memory.grow(pages) < 0) unreachable();
}
