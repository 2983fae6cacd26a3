/** Bytes that wait to be inserted, over all partitions of the process. */
export interface ByteBudget {
  /** Says how much one holder has now. */
  set(holder: object, bytes: number): void;
  /** Whether all of them together have more than they may: whoever asks should store what it has. */
  readonly isSpent: boolean;
  readonly bytes: number;
}

/** @param bytes_max what all may hold together; each record may take it over by its own size */
export function createByteBudget(bytes_max: number): ByteBudget {
  const held = new Map<object, number>();
  let total = 0;
  return {
    set(holder, bytes) {
      total += bytes - (held.get(holder) ?? 0);
      if (bytes === 0) held.delete(holder);
      else held.set(holder, bytes);
    },
    get isSpent() {
      return total > bytes_max;
    },
    get bytes() {
      return total;
    },
  };
}
