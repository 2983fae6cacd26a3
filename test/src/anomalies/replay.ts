import { SCAN_SPAN, SpanScanner } from '@spanloom/avro';
import {
  type AnomalyEvent,
  Detector,
  type DetectorRules,
  decodeSelfTimes,
  encodeSelfTimes,
  FragmentObserver,
  Gatherer,
  PANE_S,
} from '@spanloom/detector';
import type { RecordedTrace } from './recorded-traces';

const SERIES_MAX = 100_000;
const MESSAGE_BYTES_MAX = 700_000;

/**
 * The messages of the topic `self-times` that one partition with these traces would bring, one for each
 * pane that has traces; made once for many detectors.
 */
export function selfTimesOf(traces: readonly RecordedTrace[]): readonly Buffer[] {
  const observer = new FragmentObserver(true);
  const gatherer = new Gatherer(SERIES_MAX);
  const scanner = new SpanScanner();
  const messages: Buffer[] = [];
  let firstSeq = 1;
  const flush = (lastSeq: number): void => {
    if (lastSeq < firstSeq) return;
    const panes = gatherer.take();
    const batch = { partition: 0, partitions: 1, firstSeq, lastSeq, panes };
    messages.push(...encodeSelfTimes(batch, 1, MESSAGE_BYTES_MAX));
    firstSeq = lastSeq + 1;
  };
  traces.forEach(({ traceId, endS, spans }, at) => {
    const before = traces[at - 1]?.endS ?? endS;
    if (Math.floor(before / PANE_S) !== Math.floor(endS / PANE_S)) flush(at);
    const bytes = Buffer.concat(spans);
    observer.begin();
    scanner.resetRaw(bytes, 0, bytes.length);
    while (scanner.next() === SCAN_SPAN) observer.add(scanner);
    observer.finish(traceId, gatherer);
  });
  flush(traces.length);
  return messages;
}

/** The events that a detector makes of the messages, with the time of the log running as that of the spans. */
export function detect(messages: readonly Buffer[], rules: DetectorRules): readonly AnomalyEvent[] {
  const detector = new Detector(rules);
  const events: AnomalyEvent[] = [];
  let appendMs = 0;
  for (const message of messages) {
    const batch = decodeSelfTimes(message);
    appendMs = ((batch.panes[0]?.startS ?? 0) + PANE_S) * 1000;
    events.push(...detector.step({ appendMs, batch }));
  }
  events.push(...detector.step({ appendMs: appendMs + 3_600_000, batch: null }));
  return events;
}
