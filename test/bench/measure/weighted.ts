/** Values with how often each came, for quantiles. */
export class WeightedValues {
  readonly #counts = new Map<number, number>();
  #total = 0;

  add(value: number, count: number): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + count);
    this.#total += count;
  }

  /** The least value that a share of `q` of all is at or below; NaN of nothing. */
  quantile(q: number): number {
    let seen = 0;
    for (const [value, count] of [...this.#counts].sort(([a], [b]) => a - b)) {
      seen += count;
      if (seen >= q * this.#total) return value;
    }
    return Number.NaN;
  }
}
