/**
 * What a producer may report with a batch of spans, by name: as attributes of the resource in OTLP, as headers of the
 * record on Kafka. All are optional; values are text or whole numbers. docs/producers.md is the contract.
 */
export const REPORT_NAMES = {
  /** When the producer sent the batch, ms since 1970 by its own clock. */
  sentAt: 'spanloom.sent_at_unix_ms',
  /** Drawn at random when the process started: names one life of one process. */
  startId: 'spanloom.process.start_id',
  /** Spans that ended in this life and were to be sent, those of this batch included. */
  ended: 'spanloom.spans.ended',
  /** Those of them that the tracer gave up. */
  dropped: 'spanloom.spans.dropped',
} as const;

/** All names have this in front: what else begins with it is left alone. */
export const REPORT_PREFIX = 'spanloom.';

/** The header that names the service of a record on Kafka which carries a report. */
export const SERVICE_HEADER = 'service.name';

/** The texts of a report, by the names of {@link REPORT_NAMES}. */
export type ReportTexts = Readonly<Record<string, string>>;

/** Counters of one life of a process. */
export interface Counters {
  readonly startId: string;
  readonly ended: number;
  readonly dropped: number;
}

/** A report as it was understood. */
export interface Report {
  readonly sentAt_ms: number | null;
  readonly counters: Counters | null;
  /** What was there and made no sense, by name: it is as if it were not there. */
  readonly faults: readonly string[];
}

const NAMES: ReadonlySet<string> = new Set(Object.values(REPORT_NAMES));
const NUMBER = /^\d{1,15}$/;
const START_ID = /^[\x21-\x7e]{1,64}$/;

/** Whether an attribute or header of this name is part of a report. */
export function isReportName(name: string): boolean {
  return NAMES.has(name);
}

/**
 * Reads a report. Counters need a start id and `ended`; `dropped` is 0 where it is missing. What makes no sense,
 * such as more dropped than ended, is told as a fault.
 */
export function readReport(texts: ReportTexts): Report {
  const faults: string[] = [];
  const whole = (name: string): number | null => {
    const text = texts[name];
    if (text === undefined) return null;
    if (NUMBER.test(text)) return Number(text);
    faults.push(name);
    return null;
  };
  const sentAt_ms = whole(REPORT_NAMES.sentAt);
  const ended = whole(REPORT_NAMES.ended);
  const dropped = whole(REPORT_NAMES.dropped) ?? 0;
  const startId = texts[REPORT_NAMES.startId] ?? null;
  if (startId !== null && !START_ID.test(startId)) {
    faults.push(REPORT_NAMES.startId);
    return { sentAt_ms, counters: null, faults };
  }
  if (startId === null || ended === null) {
    const lonely = startId !== null || ended !== null || REPORT_NAMES.dropped in texts;
    if (lonely && faults.length === 0)
      faults.push(startId === null ? REPORT_NAMES.startId : REPORT_NAMES.ended);
    return { sentAt_ms, counters: null, faults };
  }
  if (dropped > ended) faults.push(REPORT_NAMES.dropped);
  const counters = dropped > ended ? null : { startId, ended, dropped };
  return { sentAt_ms, counters, faults };
}
