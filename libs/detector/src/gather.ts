import type { SelfTimePane, SeriesName, SeriesPane, Shape } from './self-time-pane';

/** Shapes kept of one series and pane; further ones are counted together. */
export const SHAPES_MAX = 32;
const OTHER_SHAPES = 1;

/** What one trace shows of one series. */
export interface TraceSeries {
  readonly name: SeriesName;
  /** Buckets of the self times; empty where those belong to an edge. */
  readonly buckets: readonly number[];
  readonly slowestNano: number;
  readonly failed: boolean;
  /** Shapes of the spans, each once. */
  readonly shapes: ReadonlySet<number>;
}

interface Gathered {
  readonly name: SeriesName;
  traces: number;
  timedTraces: number;
  traceNano: number;
  readonly buckets: Map<number, number>;
  slowestNano: number;
  slowest: string;
  failedTraces: number;
  failed: string;
  readonly shapes: Map<number, { traces: number; readonly exemplar: string }>;
}

/** Gathers what traces show into panes, until they are taken. Bounded: further series are counted and left out. */
export class Gatherer {
  /** Series left out because there were too many, once for each trace. */
  overflowed = 0;
  /** Series in all panes. */
  size = 0;
  private readonly panes = new Map<number, Map<string, Gathered>>();

  /** @param series_max series kept in all panes together */
  constructor(private readonly series_max: number) {}

  /**
   * @param startS of the pane in which the trace ended
   * @param key what {@link seriesKey} says of the series
   */
  add(startS: number, key: string, found: TraceSeries, traceId: string, traceNano: number): void {
    const series = this.find(startS, key, found.name);
    if (series === null) {
      this.overflowed++;
      return;
    }
    series.traces++;
    if (found.buckets.length > 0) {
      series.timedTraces++;
      series.traceNano += traceNano;
    }
    for (const bucket of found.buckets) {
      series.buckets.set(bucket, (series.buckets.get(bucket) ?? 0) + 1);
    }
    if (series.slowest === '' || found.slowestNano > series.slowestNano) {
      series.slowestNano = found.slowestNano;
      series.slowest = traceId;
    }
    if (found.failed) {
      series.failedTraces++;
      if (series.failed === '') series.failed = traceId;
    }
    for (const shape of found.shapes) addShape(series, shape, traceId);
  }

  /** Everything gathered, in order of time and series; nothing is left. */
  take(): readonly SelfTimePane[] {
    const starts = [...this.panes.keys()].sort((a, b) => a - b);
    const taken = starts.map((startS) => {
      const series = [...(this.panes.get(startS) as Map<string, Gathered>)];
      series.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
      return { startS, series: series.map(([, gathered]) => finished(gathered)) };
    });
    this.panes.clear();
    this.size = 0;
    return taken;
  }

  private find(startS: number, key: string, name: SeriesName): Gathered | null {
    let pane = this.panes.get(startS);
    const known = pane?.get(key);
    if (known !== undefined) return known;
    if (this.size >= this.series_max) return null;
    if (pane === undefined) {
      pane = new Map();
      this.panes.set(startS, pane);
    }
    const series: Gathered = {
      name,
      traces: 0,
      timedTraces: 0,
      traceNano: 0,
      buckets: new Map(),
      slowestNano: 0,
      slowest: '',
      failedTraces: 0,
      failed: '',
      shapes: new Map(),
    };
    pane.set(key, series);
    this.size++;
    return series;
  }
}

function addShape(series: Gathered, shape: number, traceId: string): void {
  const children =
    series.shapes.has(shape) || series.shapes.size < SHAPES_MAX ? shape : OTHER_SHAPES;
  const known = series.shapes.get(children);
  if (known !== undefined) known.traces++;
  else series.shapes.set(children, { traces: 1, exemplar: traceId });
}

function finished(gathered: Gathered): SeriesPane {
  const buckets = [...gathered.buckets.keys()].sort((a, b) => a - b);
  const shapes: Shape[] = [...gathered.shapes]
    .sort(([a], [b]) => a - b)
    .map(([children, { traces, exemplar }]) => ({ children, traces, exemplar }));
  return {
    ...gathered,
    buckets,
    counts: buckets.map((bucket) => gathered.buckets.get(bucket) as number),
    shapes,
  };
}
