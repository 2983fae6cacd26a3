import type { SeriesName } from './self-time-pane';

/** What is unusual about a series in the window that ended with a pane. */
export type Finding = Rise | Share;

/** Self times are longer than they were. */
export interface Rise {
  readonly what: 'self-time';
  readonly name: SeriesName;
  readonly traces: number;
  /** p99 in the window and in the baseline, ns. */
  readonly observed: number;
  readonly expected: number;
  /** By how much the self times exceed the baseline's, together, ns. */
  readonly excessNano: number;
  /** That as a share of the traces' durations. */
  readonly effect: number;
  readonly evidence: number;
  /** Traces that show it, hex, the slowest first. */
  readonly exemplars: readonly string[];
}

/** More traces fail in spans of the series, or spans of it call something else than they did. */
export interface Share {
  readonly what: 'failures' | 'shape';
  readonly name: SeriesName;
  readonly traces: number;
  /** Shares of the traces, 0..1. */
  readonly observed: number;
  readonly expected: number;
  /** The difference. */
  readonly effect: number;
  readonly evidence: number;
  /** The callee that sends no spans any more, where that is what has changed; else empty. */
  readonly missing: string;
  readonly exemplars: readonly string[];
}

/** The services that may be the cause: those of an edge, the owner of an operation. */
export function suspectsOf(finding: Finding): readonly string[] {
  const { name } = finding;
  if (finding.what === 'self-time') {
    return name.type === 'edge' ? [name.peer, name.service] : [name.service];
  }
  return finding.missing === '' ? [name.service] : [finding.missing, name.service];
}
