/** What the spans of a run look like. The same shape and seed give the same spans. */
export interface SpanShape {
  readonly seed: number;
  /** How many spans. */
  readonly spans: number;
  /** Spans of a trace; the last trace may have fewer. */
  readonly trace_spans: number;
  /** Traces whose spans are mixed with each other. */
  readonly open_traces: number;
  /** Mean size of a span in Avro, bytes. */
  readonly span_bytes: number;
  /** Whether each trace has a root, which comes last, as from tracers. Without one a window waits for the gap. */
  readonly rooted: boolean;
}

/** About what an instrumented HTTP service sends: 13 attributes in 470 bytes, ten spans a trace. */
export const DEFAULT_SHAPE: Omit<SpanShape, 'spans'> = {
  seed: 1,
  trace_spans: 10,
  open_traces: 1_000,
  span_bytes: 470,
  rooted: true,
};
