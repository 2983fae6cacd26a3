import { SPAN_KIND_NAMES, type Span, type SpanKind, type StatusCode } from '@spanloom/model';
import { type AttributeDifference, rankAttributes, type ValueCount } from './attributes';
import { type OperationDifference, rankBelow, type TopSpan } from './below';
import {
  type Comparison,
  type ExplainStatement,
  type GroupsRow,
  groupsStatement,
  HASH_END,
  type KeyRow,
  keysStatement,
  type SampleCut,
  type SpanRow,
  spansStatement,
  type TopRow,
  type TracesRow,
  topsStatement,
  tracesStatement,
  type ValueRow,
  valuesStatement,
} from './statements';

/** What one answer may look at. */
export interface ExplainLimits {
  /** Spans of a group, about; of more, whole traces are left out by a hash of their ids. */
  readonly sample_spans_max: number;
  /** Attributes compared; of more, those of most spans. */
  readonly keys_max: number;
  /** Different values of an attribute; one with more is not compared. */
  readonly values_max: number;
  /** Traces of a group whose spans below are looked into. */
  readonly below_traces_max: number;
  /** Spans read for that. */
  readonly below_spans_max: number;
}

export const EXPLAIN_LIMITS: ExplainLimits = {
  sample_spans_max: 50_000,
  keys_max: 200,
  values_max: 1_000,
  below_traces_max: 300,
  below_spans_max: 100_000,
};

/** A value that fewer than this share of both groups have is not looked at. */
const SHARE_MIN = 0.01;
const VALUE_ROWS_MAX = 20_000;
/** An attribute with more different values than this per trace is an id: no value of it stands for a group. */
const VALUES_PER_TRACE_MAX = 0.5;
const MINUTE_NANO = 60_000_000_000n;

/** One group, and what was looked at of it. */
export interface Group {
  readonly spans: number;
  /** Traces whose attributes were compared. */
  readonly traces: number;
  /** Part of the traces that were taken; 1 when all were. */
  readonly sampled: number;
  /** Traces whose spans below were looked into. */
  readonly below_traces: number;
}

/** What differs between the slow spans and the rest. */
export interface Explanation {
  readonly slow: Group;
  readonly rest: Group;
  readonly attributes: readonly AttributeDifference[];
  /** How many values were compared in all. */
  readonly compared: number;
  /** Attributes that were not compared because nearly every trace has another value. */
  readonly ids: readonly string[];
  /** Whether there were more than `keys_max` attributes. */
  readonly keys_cut: boolean;
  readonly below: readonly OperationDifference[];
  /** Whether spans were left out of `below` because there were too many. */
  readonly below_cut: boolean;
}

/** Runs a statement. */
export type RunStatement = <T>(statement: ExplainStatement) => Promise<readonly T[]>;

/**
 * Compares the slow spans of a service with its others: which attributes they have more often, and below them,
 * which operations take the time. The database counts; see {@link rankAttributes} and {@link rankBelow} for how
 * it is ranked. Rejects with what `run` rejects with.
 */
export async function explain(
  comparison: Comparison,
  run: RunStatement,
  limits: ExplainLimits = EXPLAIN_LIMITS,
): Promise<Explanation> {
  const [groups] = await run<GroupsRow>(groupsStatement(comparison));
  const spans = { slow: groups?.slow ?? 0, rest: groups?.rest ?? 0 };
  const cut: SampleCut = { slow: cutOf(spans.slow, limits), rest: cutOf(spans.rest, limits) };
  const attributes = await explainAttributes(comparison, cut, run, limits);
  const below = await explainBelow(comparison, run, limits);
  const group = (which: 'slow' | 'rest'): Group => ({
    spans: spans[which],
    traces: attributes.sizes[which],
    sampled: cut[which] / HASH_END,
    below_traces: below.tops.filter(({ isSlow }) => isSlow === (which === 'slow')).length,
  });
  const { ranked, compared, ids, keys_cut } = attributes;
  return {
    slow: group('slow'),
    rest: group('rest'),
    attributes: ranked,
    compared,
    ids,
    keys_cut,
    below: rankBelow(below.tops),
    below_cut: below.cut,
  };
}

function cutOf(spans: number, { sample_spans_max }: ExplainLimits): number {
  if (spans <= sample_spans_max) return HASH_END;
  return Math.max(1, Math.round((sample_spans_max / spans) * HASH_END));
}

async function explainAttributes(
  comparison: Comparison,
  cut: SampleCut,
  run: RunStatement,
  { keys_max, values_max }: ExplainLimits,
) {
  const [row] = await run<TracesRow>(tracesStatement(comparison, cut));
  const sizes = { slow: row?.slow ?? 0, rest: row?.rest ?? 0 };
  const all = await run<KeyRow>(keysStatement(comparison, cut, keys_max + 1));
  const keys = all.slice(0, keys_max);
  const isId = ({ different, traces }: KeyRow): boolean =>
    different > values_max || (different > 2 && different > traces * VALUES_PER_TRACE_MAX);
  const kept = keys.filter((key) => !isId(key));
  const options = { sizes, share_min: SHARE_MIN, rows_max: VALUE_ROWS_MAX };
  const values = await run<ValueRow>(valuesStatement(comparison, cut, kept, options));
  const compared = kept.reduce((sum, { different }) => sum + different, 0);
  return {
    sizes,
    compared,
    ranked: rankAttributes(values as readonly ValueCount[], sizes, compared),
    ids: keys.filter(isId).map(({ source, key }) => `${source} ${key}`),
    keys_cut: all.length > keys_max,
  };
}

async function explainBelow(
  comparison: Comparison,
  run: RunStatement,
  { below_traces_max, below_spans_max }: ExplainLimits,
): Promise<{ readonly tops: readonly TopSpan[]; readonly cut: boolean }> {
  const tops = await run<TopRow>(topsStatement(comparison, below_traces_max));
  if (tops.length === 0) return { tops: [], cut: false };
  const traces = [...new Set(tops.map(({ trace }) => trace))];
  const byTime = (x: bigint, y: bigint): number => Number(x - y);
  const starts = tops.map(({ start }) => BigInt(start)).sort(byTime);
  const ends = tops.map(({ end }) => BigInt(end)).sort(byTime);
  // Clocks may differ: a minute on each side.
  const range = {
    fromNano: (starts[0] ?? 0n) - MINUTE_NANO,
    toNano: (ends.at(-1) ?? 0n) + MINUTE_NANO,
  };
  const rows = await run<SpanRow>(spansStatement(traces, range, below_spans_max + 1));
  const byTrace = new Map<string, Span[]>(traces.map((trace) => [trace, []]));
  for (const row of rows) byTrace.get(row.trace)?.push(spanOf(row));
  const isCut = rows.length > below_spans_max;
  // Rows are in order of traces: the last one may lack spans, and those after it are missing.
  const lastTrace = isCut ? (rows.at(-1)?.trace ?? '') : null;
  const isWhole = ({ trace }: TopRow): boolean => lastTrace === null || trace < lastTrace;
  return {
    tops: tops.filter(isWhole).map(({ trace, span, kind, is_slow }) => ({
      spanId: span,
      kind: kindOf(kind),
      isSlow: is_slow === 1,
      trace: byTrace.get(trace) ?? [],
    })),
    cut: isCut,
  };
}

function kindOf(name: string): SpanKind {
  return Math.max(0, SPAN_KIND_NAMES.indexOf(name as (typeof SPAN_KIND_NAMES)[number])) as SpanKind;
}

function spanOf(row: SpanRow): Span {
  return {
    traceId: row.trace,
    spanId: row.span,
    parentSpanId: row.parent,
    startUnixNano: BigInt(row.start),
    durationNano: BigInt(row.duration),
    kind: kindOf(row.kind),
    statusCode: (row.status === 'Error' ? 2 : 0) as StatusCode,
    service: row.service,
    name: row.operation,
    traceState: '',
    flags: 0,
    statusMessage: '',
    scopeName: '',
    scopeVersion: '',
    resourceAttributes: row.instance === '' ? {} : { 'k8s.pod.name': row.instance },
    attributes: {},
    events: [],
    links: [],
  };
}
