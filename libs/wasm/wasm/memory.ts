// What modules of several packages do with their memory.

/** Lets the memory go up to `end` at least; traps when it cannot be had. */
export function reach(end: u64): void {
  const pages = <i32>((end + 0xffff) >>> 16) - memory.size();
  if (pages > 0 && memory.grow(pages) < 0) unreachable();
}
