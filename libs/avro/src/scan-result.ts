import { ScanVerdict } from './scan-layout';

/** What a scanner found: compare with these constants. */
export const SCAN_SPAN = 0;
export const SCAN_END = 1;
/** A span that breaks a rule; it was skipped, the next one can be read. */
export const SCAN_BAD = 2;
/** Bytes that cannot be read from here on; the rest of the message is lost to the reader. */
export const SCAN_CORRUPT = 3;
export type ScanResult = typeof SCAN_SPAN | typeof SCAN_END | typeof SCAN_BAD | typeof SCAN_CORRUPT;

/** Why a span, or the rest of a message, was refused. */
export type BadSpanReason =
  | 'trace-id'
  | 'span-id'
  | 'service-empty'
  | 'duration'
  | 'start'
  | 'kind'
  | 'status'
  | 'too-large'
  | 'malformed';

/** What a verdict is called. */
export const REASONS: Readonly<Record<Exclude<ScanVerdict, ScanVerdict.good>, BadSpanReason>> = {
  [ScanVerdict.traceId]: 'trace-id',
  [ScanVerdict.spanId]: 'span-id',
  [ScanVerdict.start]: 'start',
  [ScanVerdict.duration]: 'duration',
  [ScanVerdict.kind]: 'kind',
  [ScanVerdict.status]: 'status',
  [ScanVerdict.serviceEmpty]: 'service-empty',
  [ScanVerdict.tooLarge]: 'too-large',
  [ScanVerdict.malformed]: 'malformed',
  [ScanVerdict.corrupt]: 'malformed',
};
