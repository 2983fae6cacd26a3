import { identityOf, type OtlpLine } from './otlp-line';
import { createSpanSet } from './span-set';

/** What was sent and acknowledged: enough to tell afterwards what is missing. */
export interface SentSpans {
  /** Notes a line's spans. Gives how many of them the gateway accepts by its rules. */
  add(line: OtlpLine): number;
  /** Spans that were accepted, duplicates among them. */
  readonly accepted: number;
  /** Distinct (trace, span, kind). */
  readonly distinct: number;
  /** Trace ids, hex, in the order in which they were first seen. */
  readonly traceIds: readonly string[];
  /** Distinct spans of the trace with this number in `traceIds`. */
  spansOf(trace: number): number;
}

/** An empty account of what was sent. */
export function createSentSpans(): SentSpans {
  const numbers = new Map<string, number>();
  const traceIds: string[] = [];
  const counts: number[] = [];
  const set = createSpanSet();
  let accepted = 0;

  const numberOf = (traceId: string): number => {
    const known = numbers.get(traceId);
    if (known !== undefined) return known;
    const number = traceIds.push(traceId) - 1;
    numbers.set(traceId, number);
    counts.push(0);
    return number;
  };
  return {
    add(line) {
      let valid = 0;
      for (const span of line.spans) {
        const identity = identityOf(span);
        if (identity === null) continue;
        valid++;
        const trace = numberOf(identity.traceId);
        if (set.add(trace, identity.spanHi, identity.spanLo, identity.kind)) {
          counts[trace] = (counts[trace] as number) + 1;
        }
      }
      accepted += valid;
      return valid;
    },
    get accepted() {
      return accepted;
    },
    get distinct() {
      return set.size;
    },
    traceIds,
    spansOf: (trace) => counts[trace] ?? 0,
  };
}
