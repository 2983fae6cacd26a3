import type { Database } from '../sql/database';
import {
  type CaptureRow,
  captureStatement,
  type DelayRow,
  delayStatement,
  type LedgerRow,
  type PipelineRange,
  pipelineLedgerStatement,
} from '../sql/pipeline';

/** All that is known of the four figures in a range. */
export interface PipelineFigures {
  readonly range: PipelineRange;
  readonly capture: readonly CaptureRow[];
  readonly delays: readonly DelayRow[];
  readonly ledger: LedgerRow;
}

/** Reads the figures from their views. */
export async function readFigures(
  range: PipelineRange,
  database: Database,
): Promise<PipelineFigures> {
  const [capture, delays, [ledger]] = await Promise.all([
    database.rows<CaptureRow>(captureStatement(range)),
    database.rows<DelayRow>(delayStatement(range)),
    database.rows<LedgerRow>(pipelineLedgerStatement(range)),
  ]);
  return { range, capture, delays, ledger: ledger as LedgerRow };
}

/** The figures as `/api/pipeline` answers them. */
export function figuresAnswer({ range, capture, delays, ledger }: PipelineFigures): object {
  const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();
  return {
    start: iso(range.start_s),
    end: iso(range.end_s),
    capture: { ...split(capture), pipeline: ledger },
    transfer: byLeg(delays, 'transfer', ['producer', 'gateway']),
    storage: byLeg(delays, 'storage', ['whole', 'closed']),
    analysis: byLeg(delays, 'analysis', ['all']),
  };
}

interface Row {
  readonly overall: 0 | 1;
  readonly service: string;
}

/** What holds over all, and each service. */
function split<T extends Row>(rows: readonly T[]): object {
  const shown = ({ overall: _overall, service, ...figures }: T) => ({ service, figures });
  const all = rows.find(({ overall }) => overall === 1);
  return {
    overall: all === undefined ? null : shown(all).figures,
    services: rows
      .filter(({ overall }) => overall === 0)
      .map(shown)
      .map(({ service, figures }) => ({ service, ...figures })),
  };
}

/** `legs` are there even when nothing is known of them. */
function byLeg(
  delays: readonly DelayRow[],
  figure: DelayRow['figure'],
  legs: readonly string[],
): object {
  const found = delays.filter((row) => row.figure === figure);
  const names = [...new Set([...legs, ...found.map(({ leg }) => leg)])];
  return Object.fromEntries(
    names.map((name) => {
      const rows = found
        .filter(({ leg }) => leg === name)
        .map(({ figure: _figure, leg: _leg, ...row }) => row);
      return [name, split(rows)];
    }),
  );
}
