import type { Span } from '@spanloom/model';
import { decodeSpan } from './span-codec';
import { SCAN_SPAN, SpanScanner } from './span-scanner';

/**
 * Spans that follow each other without block headers, as windows and fragments hold them, as objects.
 * @param count how many spans the bytes should hold
 * @returns null when they hold anything else: other bytes, more or fewer spans, or a span that breaks a rule
 */
export function decodeRawSpans(bytes: Buffer, count: number): Span[] | null {
  const scanner = new SpanScanner();
  scanner.resetRaw(bytes, 0, bytes.length);
  const spans: Span[] = [];
  try {
    for (let i = 0; i < count; i++) {
      if (scanner.next() !== SCAN_SPAN) return null;
      spans.push(decodeSpan(bytes, scanner.spanStart, scanner.spanEnd));
    }
  } catch (error) {
    // The scanner does not read every number; one beyond 2^53 is found here.
    if (error instanceof RangeError) return null;
    throw error;
  }
  return scanner.spanEnd === bytes.length ? spans : null;
}
