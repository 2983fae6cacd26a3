import { PANE_S } from '@spanloom/detector';
import type { RecordedSpan } from './recorded-traces';
import type { Named } from './score';

const WINDOW_S = 60;
const QUIET_S = 60;

/** What the obvious detector compares with: the same for all services, or a multiple of each one's p99 in its first minute. */
export type Threshold =
  | { readonly type: 'same'; readonly ms: number }
  | { readonly type: 'own'; readonly times: number };

/**
 * The obvious baseline: a service whose p99 of whole durations in the last minute is above a fixed
 * threshold is named, the farthest above first, at most three at a time; and again after a quiet minute.
 */
export function fixedThreshold(spans: readonly RecordedSpan[], by: Threshold): readonly Named[] {
  const byService = new Map<string, RecordedSpan[]>();
  const panes = new Set<number>();
  for (const span of spans) {
    const list = byService.get(span.service) ?? [];
    list.push(span);
    byService.set(span.service, list);
    panes.add(span.endS - (span.endS % PANE_S));
  }
  const thresholds = new Map<string, number>();
  for (const [service, list] of byService) thresholds.set(service, thresholdOf(list, by));
  const above = new Map<string, number>();
  const named: Named[] = [];
  for (const startS of [...panes].sort((a, b) => a - b)) {
    const atS = startS + PANE_S;
    const found: { service: string; times: number }[] = [];
    for (const [service, list] of byService) {
      const nanos = within(list, atS - WINDOW_S, atS);
      const times = nanos.length === 0 ? 0 : p99(nanos) / (thresholds.get(service) as number);
      if (times <= 1) continue;
      if (atS - (above.get(service) ?? 0) > QUIET_S) found.push({ service, times });
      above.set(service, atS);
    }
    found.sort((a, b) => b.times - a.times);
    if (found.length > 0) named.push({ atS, services: found.slice(0, 3).map((of) => of.service) });
  }
  return named;
}

function thresholdOf(list: readonly RecordedSpan[], by: Threshold): number {
  if (by.type === 'same') return by.ms * 1e6;
  const fromS = list[0]?.endS ?? 0;
  return by.times * p99(within(list, fromS, fromS + WINDOW_S));
}

function within(list: readonly RecordedSpan[], fromS: number, untilS: number): readonly number[] {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] as RecordedSpan).endS < fromS) low = middle + 1;
    else high = middle;
  }
  const nanos: number[] = [];
  for (let at = low; at < list.length; at++) {
    const span = list[at] as RecordedSpan;
    if (span.endS >= untilS) break;
    nanos.push(span.nano);
  }
  return nanos;
}

function p99(nanos: readonly number[]): number {
  const sorted = Float64Array.from(nanos).sort();
  return sorted[Math.max(0, Math.ceil(sorted.length * 0.99) - 1)] as number;
}
