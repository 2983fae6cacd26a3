import type { SeriesPane } from './self-time-pane';

/** Shapes kept of a series; the rarest are forgotten first. */
const SHAPES_MAX = 256;

/** In what share of a series' traces its spans fail, or have which shape; older panes count less. */
export class Shares {
  traces = 0;
  failed = 0;
  readonly shapes = new Map<number, number>();
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
    this.failed *= factor;
    for (const [shape, weight] of this.shapes) this.shapes.set(shape, weight * factor);
  }

  add(pane: SeriesPane): void {
    this.traces += pane.traces;
    this.failed += pane.failedTraces;
    for (const { children, traces } of pane.shapes) {
      this.shapes.set(children, (this.shapes.get(children) ?? 0) + traces);
    }
    if (pane.name.peer !== '') this.peer = pane.name.peer;
    if (this.shapes.size > SHAPES_MAX) this.forgetRarest();
  }

  private forgetRarest(): void {
    const byWeight = [...this.shapes].sort(([, a], [, b]) => a - b);
    for (const [shape] of byWeight.slice(0, this.shapes.size - SHAPES_MAX)) {
      this.shapes.delete(shape);
    }
  }
}
