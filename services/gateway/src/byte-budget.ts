/** Bounds the bytes held at a time. */
export interface ByteBudget {
  /** Takes `bytes` if they fit; false when they don't, and nothing is taken. */
  tryTake(bytes: number): boolean;
  /** Takes `bytes` that are in memory already, fit or not. */
  take(bytes: number): void;
  giveBack(bytes: number): void;
  readonly held: number;
}

/** Makes a budget of `bytes_max`; `onChange` is told what is held after each change. */
export function createByteBudget(bytes_max: number, onChange: (held: number) => void): ByteBudget {
  let held = 0;
  const move = (bytes: number): void => {
    held += bytes;
    onChange(held);
  };
  return {
    tryTake(bytes) {
      if (held + bytes > bytes_max) return false;
      move(bytes);
      return true;
    },
    take: move,
    giveBack: (bytes) => move(-bytes),
    get held() {
      return held;
    },
  };
}
