import type { Clock } from '@spanloom/runtime';
import { PANE_S } from '@spanloom/sketch';
import type { Database } from '../sql/database';
import { type LatencyRow, latencyStatement } from '../sql/latency';
import {
  type EdgeTotalRow,
  edgeTotalsStatement,
  type SeriesTotalRow,
  seriesTotalsStatement,
  type TotalsLimits,
} from '../sql/totals';
import type { Family } from './exposition';
import { edgeFamilies, percentileFamily, spanFamilies } from './families';

/** The rolling window of the percentiles that are exposed. */
const WINDOW = { name: '5m', seconds: 300 } as const;

/** All that is exposed, at one time. */
export interface Collected {
  readonly families: readonly Family[];
  /** How many series and edges there are that did not find a place of their own. */
  readonly folded: { readonly series: number; readonly edges: number };
}

/** Reads what is to be exposed. */
export async function collect(
  limits: TotalsLimits,
  deps: { readonly database: Database; readonly clock: Clock },
): Promise<Collected> {
  const { database, clock } = deps;
  const now_s = Math.floor(clock.nowMs() / 1000);
  const end_s = now_s - (now_s % PANE_S);
  const query = {
    filter: {},
    by: ['service', 'operation', 'kind'],
    range: { start_s: end_s - WINDOW.seconds, end_s },
    series_max: limits.series_max,
  } as const;
  const [series, edges, percentiles] = await Promise.all([
    database.rows<SeriesTotalRow>(seriesTotalsStatement(limits)),
    database.rows<EdgeTotalRow>(edgeTotalsStatement(limits)),
    database.rows<LatencyRow>(latencyStatement(query)),
  ]);
  const end: Family = {
    name: 'spanloom_latency_window_end_timestamp_seconds',
    type: 'gauge',
    help: 'Where the rolling window of spanloom_latency_seconds ends.',
    samples: () => [{ suffix: '', labels: [], value: end_s }],
  };
  const families = [
    ...spanFamilies(series),
    ...edgeFamilies(edges),
    percentileFamily(percentiles, WINDOW.name),
    end,
  ];
  const folded = {
    series: series.reduce((sum, row) => sum + row.folded, 0),
    edges: edges.reduce((sum, row) => sum + row.folded, 0),
  };
  return { families, folded };
}
