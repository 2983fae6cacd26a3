/** Where the repeated fields of a message start: kept up to a limit, counted beyond. Reused. */
export class Offsets {
  at = new Int32Array(32);
  count = 0;
  dropped = 0;

  constructor(private readonly count_max: number) {}

  reset(): void {
    this.count = 0;
    this.dropped = 0;
  }

  /** Takes out the one at `index`; the others keep their order. */
  remove(index: number): void {
    this.at.copyWithin(index, index + 1, this.count);
    this.count--;
  }

  add(offset: number): void {
    if (this.count === this.at.length) {
      if (this.count >= this.count_max) {
        this.dropped++;
        return;
      }
      const grown = new Int32Array(Math.min(this.count_max, this.count * 2));
      grown.set(this.at);
      this.at = grown;
    } else if (this.count >= this.count_max) {
      this.dropped++;
      return;
    }
    this.at[this.count++] = offset;
  }
}
