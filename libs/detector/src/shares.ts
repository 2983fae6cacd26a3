import type { SeriesPane } from './self-time-pane';

/** Shapes kept of a series; the rarest are forgotten first. */
const SHAPES_MAX = 256;

/** How many traces were of a sort, added up over panes, and the squares of how many in each. */
export interface Tally {
  weight: number;
  squares: number;
}

/** In what share of a series' traces its spans fail, or have which shape; older panes count less. */
export class Shares {
  traces = 0;
  /** Panes with traces of the series. */
  panes = 0;
  readonly failed: Tally = { weight: 0, squares: 0 };
  readonly shapes = new Map<number, Tally>();
  /** The service that the spans called last; empty where none. */
  peer = '';
  private agedAt: number;

  constructor(tick: number) {
    this.agedAt = tick;
  }

  age(tick: number, keep: number): void {
    if (tick === this.agedAt) return;
    const factor = keep ** (tick - this.agedAt);
    this.agedAt = tick;
    this.traces *= factor;
    this.panes *= factor;
    for (const tally of [this.failed, ...this.shapes.values()]) {
      tally.weight *= factor;
      tally.squares *= factor;
    }
  }

  /** Adds a pane, given in parts. */
  add(parts: readonly SeriesPane[]): void {
    let failed = 0;
    const shapes = new Map<number, number>();
    for (const part of parts) {
      this.traces += part.traces;
      failed += part.failedTraces;
      for (const { children, traces } of part.shapes) {
        shapes.set(children, (shapes.get(children) ?? 0) + traces);
      }
      if (part.name.peer !== '') this.peer = part.name.peer;
    }
    this.panes++;
    count(this.failed, failed);
    for (const [shape, traces] of shapes) {
      const tally = this.shapes.get(shape) ?? { weight: 0, squares: 0 };
      count(tally, traces);
      this.shapes.set(shape, tally);
    }
    if (this.shapes.size > SHAPES_MAX) this.forgetRarest();
  }

  /**
   * By how much the traces of a sort come in bursts: the variance of their number in a pane over its mean,
   * 1 and less where each comes by itself (the index of dispersion; Cox and Lewis 1966).
   */
  dispersion({ weight, squares }: Tally): number {
    return weight === 0 ? 1 : Math.max(1, squares / weight - weight / this.panes);
  }

  private forgetRarest(): void {
    const byWeight = [...this.shapes].sort(([, a], [, b]) => a.weight - b.weight);
    for (const [shape] of byWeight.slice(0, this.shapes.size - SHAPES_MAX)) {
      this.shapes.delete(shape);
    }
  }
}

function count(tally: Tally, traces: number): void {
  tally.weight += traces;
  tally.squares += traces * traces;
}
