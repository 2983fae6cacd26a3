import { randomUUID } from 'node:crypto';
import type { ClickHouse } from '@spanloom/clickhouse';
import { DelayBook } from '@spanloom/figures';
import { DELAY_COLUMNS, DelayRows, encoded } from '@spanloom/rowbinary';
import type { Clock, Logger } from '@spanloom/runtime';
import type { QueryMetrics } from '../metrics';

/** Data analysis delay: how long questions take to be answered. */
export interface AnalysisFigures {
  /** One answered question. `route` is the pattern of its path, `service` the one it names, if any. */
  observe(route: string, service: string | null, ms: number): void;
  /** Writes what was gathered; never rejects. */
  flush(): Promise<void>;
  /** Ends the intervals and writes the rest. */
  stop(): Promise<void>;
}

/** The service of questions that name none. */
export const NO_SERVICE = '(none)';

/** Rows that are being written: again under the same token until it is done, so that they count once. */
interface Pending {
  readonly rows: DelayRows;
  readonly count: number;
  readonly token: string;
}

/**
 * Gathers how long answers take, and writes it to `pipeline_delays` at intervals. Both are bounded: what is not
 * written while ClickHouse is away is one block, and a book with a limit on its panes.
 */
export function createAnalysisFigures(
  config: { readonly figures_interval_ms: number },
  deps: {
    readonly clickhouse: Pick<ClickHouse, 'insertRows'>;
    readonly metrics: Pick<QueryMetrics, 'figuresLost'>;
    readonly logger: Logger;
    readonly clock: Clock;
  },
): AnalysisFigures {
  const { clickhouse, metrics, logger, clock } = deps;
  const book = new DelayBook();
  const writer = randomUUID();
  let number = 0;
  let pending: Pending | null = null;
  let underWay: Promise<void> | null = null;
  let failing = false;
  let lostBefore = 0;

  function take(): Pending | null {
    const panes = book.take();
    if (book.lost > lostBefore) metrics.figuresLost(book.lost - lostBefore);
    lostBefore = book.lost;
    if (panes.length === 0) return null;
    const rows = new DelayRows();
    const origin = { partition: 0, seq: 0, at_s: Math.floor(clock.nowMs() / 1000) };
    for (const pane of panes) rows.append(pane, origin);
    const count = panes.reduce((sum, pane) => sum + pane.count, 0);
    return { rows, count, token: `pipeline_delays-query-${writer}-${++number}` };
  }

  async function write(): Promise<void> {
    pending ??= take();
    if (pending === null) return;
    const { rows, token } = pending;
    try {
      await clickhouse.insertRows('pipeline_delays', DELAY_COLUMNS, encoded(rows), {
        insert_deduplication_token: token,
      });
      pending = null;
      failing = false;
    } catch (error) {
      if (!failing) logger.warn({ err: error }, 'analysis delays cannot be written; trying again');
      failing = true;
    }
  }

  function flush(): Promise<void> {
    underWay ??= write().finally(() => {
      underWay = null;
    });
    return underWay;
  }

  const timer = setInterval(() => void flush(), config.figures_interval_ms);
  timer.unref();
  return {
    observe(route, service, ms) {
      const figure = { figure: 'analysis', leg: route, service: service ?? NO_SERVICE } as const;
      const at_ms = clock.nowMs();
      book.add({ ...figure, at_ms, delay_ms: ms, ms_max: Number.MAX_SAFE_INTEGER, count: 1 });
    },
    flush,
    async stop() {
      clearInterval(timer);
      await flush();
      await flush();
      if (pending !== null) metrics.figuresLost(pending.count);
    },
  };
}
