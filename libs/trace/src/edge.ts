import type { Calls } from './calls';
import type { Peer } from './peer';
import type { TraceSpans } from './trace-spans';

/** Spans of time in which calls are gathered, s. */
export const EDGE_PANE_S = 60;

/** What stands in `type` of an edge of which one side is not known. */
export const UNPAIRED = 'unpaired';

/** The {@link ConnectionType} of calls through queues. */
export const MESSAGING = 'messaging_system';

/** An edge of the service graph, and the minute in which the call ended. */
export interface EdgeKey {
  /** Start of the pane, s since 1970. */
  readonly paneS: number;
  /** Empty where the caller is not known. */
  readonly client: string;
  /** Empty where the callee is not known. */
  readonly server: string;
  /** A {@link ConnectionType}, or {@link UNPAIRED}. */
  readonly type: string;
}

/**
 * The edge that a call belongs to. A side without a span is the peer's; a request from outside has none,
 * as its attributes name whom it came to.
 * @param client service of the calling span, null without one; `server` likewise
 */
export function edgeOf(
  spans: TraceSpans,
  calls: Calls,
  call: number,
  client: string | null,
  server: string | null,
  peer: Peer | null,
): EdgeKey {
  const paneS = edgePaneS(spans, calls, call);
  const isMessage = calls.isMessage(spans, call);
  if (client !== null && server !== null) {
    return { paneS, client, server, type: isMessage ? MESSAGING : '' };
  }
  const known = client === null && !isMessage ? null : peer;
  return {
    paneS,
    client: client ?? known?.name ?? '',
    server: server ?? known?.name ?? '',
    type: known?.type ?? UNPAIRED,
  };
}

/** The last second that a ClickHouse DateTime can say: what ended later is in the last pane. */
const DATE_TIME_MAX = 0xffffffff;

/** Start of the minute in which the call's span ended, s since 1970: see Calls.at. */
export function edgePaneS(spans: TraceSpans, calls: Calls, call: number): number {
  const span = calls.at(call);
  const end = (spans.start[span] as number) + (spans.duration[span] as number);
  const endS = Math.min(DATE_TIME_MAX, spans.unixSecond(end));
  return endS - (endS % EDGE_PANE_S);
}
