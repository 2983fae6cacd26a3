import type { Clock } from '@spanloom/runtime';
import { PANE_S } from '@spanloom/sketch';
import type { Database } from '../sql/database';
import { type NewestPaneRow, newestPaneStatement, type SeriesFilter } from '../sql/latency';
import { paneStart } from './series-parameters';

/** Where a window ends, s since 1970, and why there. */
export interface WindowEnd {
  readonly end_s: number;
  readonly ends_with: 'at' | 'newest-pane' | 'now';
}

/** Where a window ends: as asked, else with the newest pane of these series, else now. */
export async function windowEnd(
  filter: SeriesFilter,
  at_s: number | undefined,
  { database, clock }: { readonly database: Database; readonly clock: Clock },
): Promise<WindowEnd> {
  if (at_s !== undefined) return { end_s: paneStart(at_s), ends_with: 'at' };
  const [newest] = await database.rows<NewestPaneRow>(newestPaneStatement(filter));
  if (newest !== undefined && newest.panes > 0) {
    return { end_s: newest.start_s + PANE_S, ends_with: 'newest-pane' };
  }
  return { end_s: paneStart(Math.floor(clock.nowMs() / 1000)), ends_with: 'now' };
}
