import { type DelayPane, encodeFigureBatch } from '@spanloom/avro';
import type { Clock, Logger } from '@spanloom/runtime';
import { type Counters, type Report, type ReportTexts, readReport } from './contract';
import { CounterBook } from './counters';
import { type Delay, DelayBook } from './delays';

/** What a sender works with. */
export interface FigureSenderDeps {
  /** Writes messages to the topic `figures`; resolves when Kafka has them. */
  readonly send: (messages: readonly Buffer[]) => Promise<unknown>;
  /** The registry's id of `FigureBatch.avsc`. */
  readonly schemaId: number;
  readonly interval_ms: number;
  /** Told of parts of reports that made no sense, by name. */
  readonly onFault: (name: string, count: number) => void;
  /** Told how many spans' delays could not be gathered or written. */
  readonly onLost: (spans: number) => void;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Gathers counters and delays, and writes them at intervals. */
export interface FigureSender {
  /** Reads a report and takes its counters in. */
  report(service: string, texts: ReportTexts): Report;
  counters(service: string, counters: Counters): void;
  /** So many reports came in one request that some could not be read. */
  tooMany(reports: number): void;
  delay(delay: Delay): void;
  /** Takes delays in that were gathered elsewhere. */
  merge(panes: readonly DelayPane[]): void;
  /** Whether there are counters that are not written. */
  readonly hasCounters: boolean;
  /**
   * Writes what was gathered, and gives whether it was written. Never rejects: counters that could not be written are
   * kept for the next time, delays are counted as lost.
   */
  flush(): Promise<boolean>;
  /** Ends the intervals and writes the rest. */
  stop(): Promise<void>;
}

/** A pane is at most about 20 KB: so many of them, and the counters, stay far below a broker's usual limit of 1 MB. */
const PANES_PER_MESSAGE = 25;
const COUNTERS_PER_MESSAGE = 1_000;

/** Makes a sender, and starts its intervals. */
export function createFigureSender(deps: FigureSenderDeps): FigureSender {
  const counterBook = new CounterBook();
  const delayBook = new DelayBook();
  let lostBefore = 0;
  let underWay: Promise<boolean> | null = null;
  let waiting: Promise<boolean> | null = null;

  async function write(): Promise<boolean> {
    const counters = counterBook.take();
    const delays = delayBook.take();
    if (delayBook.lost > lostBefore) deps.onLost(delayBook.lost - lostBefore);
    lostBefore = delayBook.lost;
    if (counters.length === 0 && delays.length === 0) return true;
    const messages: Buffer[] = [];
    for (let at = 0; at < counters.length; at += COUNTERS_PER_MESSAGE) {
      const some = counters.slice(at, at + COUNTERS_PER_MESSAGE);
      messages.push(encodeFigureBatch({ delays: [], counters: some }, deps.schemaId));
    }
    for (let at = 0; at < delays.length; at += PANES_PER_MESSAGE) {
      const some = delays.slice(at, at + PANES_PER_MESSAGE);
      messages.push(encodeFigureBatch({ delays: some, counters: [] }, deps.schemaId));
    }
    try {
      await deps.send(messages);
      return true;
    } catch (error) {
      // The greatest counter holds, so these may be written again; delays would be counted twice.
      for (const { service, ...rest } of counters) counterBook.add(service, rest);
      const spans = delays.reduce((sum, { count }) => sum + count, 0);
      deps.onLost(spans);
      deps.logger.warn({ err: error, spans }, 'delays could not be written to the topic figures');
      return false;
    }
  }

  /** One write at a time, and at most one that waits: it takes all that has come by then. */
  function flush(): Promise<boolean> {
    if (underWay === null) {
      underWay = write().finally(() => {
        underWay = null;
      });
      return underWay;
    }
    waiting ??= underWay.then(() => {
      waiting = null;
      return flush();
    });
    return waiting;
  }

  const timer = setInterval(() => void flush(), deps.interval_ms);
  timer.unref();

  function addCounters(service: string, counters: Counters): void {
    counterBook.add(service, counters);
    if (counterBook.isFull) void flush();
  }

  return {
    report(service, texts) {
      const report = readReport(texts);
      for (const name of report.faults) deps.onFault(name, 1);
      if (report.counters !== null) addCounters(service, report.counters);
      return report;
    },
    counters: addCounters,
    tooMany: (reports) => deps.onFault('too-many', reports),
    delay: (delay) => delayBook.add(delay),
    merge(panes) {
      for (const pane of panes) delayBook.merge(pane);
    },
    get hasCounters() {
      return counterBook.size > 0;
    },
    flush,
    async stop() {
      clearInterval(timer);
      await flush();
    },
  };
}
