import { BUCKET_INDEX_MAX, bucketIndex, bucketMidpoint } from '@spanloom/sketch';

/** Length of a pane, s; which pane a trace belongs to is said by its end. */
export const PANE_S = 10;

/** Buckets of self times: four of the latency sketch's together, 16 to the octave. */
export const BUCKETS = (BUCKET_INDEX_MAX >> 2) + 1;

/** The bucket of a self time in ns. */
export function selfTimeBucket(nano: number): number {
  return bucketIndex(nano) >> 2;
}

/** What stands for a bucket: within 5 % of what is in it, ns. */
export function bucketNano(bucket: number): number {
  return bucketMidpoint(bucket * 4 + 2);
}

/**
 * What a series is about: the spans of an operation, or what is lost between two services: the self times
 * of the calling spans of one of which the callee is the other.
 */
export type SeriesName =
  | {
      readonly type: 'operation';
      readonly service: string;
      readonly operation: string;
      /** OTLP number. */
      readonly kind: number;
      /** The service that the spans call; empty where none sends spans. */
      readonly peer: string;
    }
  | { readonly type: 'edge'; readonly service: string; readonly peer: string };

/** Traces whose spans of a series had the same children. */
export interface Shape {
  /** Of the set of (service, operation) of the children; 0 where there are none, 1 for all that were too many. */
  readonly children: number;
  readonly traces: number;
  /** One of them, hex. */
  readonly exemplar: string;
}

/** Ten seconds of one series, or a part of them: parts add up. */
export interface SeriesPane {
  readonly name: SeriesName;
  /** Traces with spans of the series. */
  readonly traces: number;
  /** Traces of which self times are in the buckets, and their whole durations added up, ns. */
  readonly timedTraces: number;
  readonly traceNano: number;
  /** Self times: buckets in rising order, and how many there are in each. */
  readonly buckets: readonly number[];
  readonly counts: readonly number[];
  /** The greatest self time, ns, and its trace, hex. */
  readonly slowestNano: number;
  readonly slowest: string;
  /** Traces in which a span of the series failed and no span below it did. */
  readonly failedTraces: number;
  /** One of them, hex; empty without. */
  readonly failed: string;
  readonly shapes: readonly Shape[];
}

/** A pane of all series, or a part of it. */
export interface SelfTimePane {
  /** s since 1970, a multiple of 10. */
  readonly startS: number;
  readonly series: readonly SeriesPane[];
}

/** One message of the topic `self-times`: what the fragments of one partition between two numbers add. */
export interface SelfTimeBatch {
  readonly partition: number;
  /** How many partitions there are. */
  readonly partitions: number;
  /** Numbers of the first and the last fragment that are in it. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** A large batch is several messages with the same numbers, from 0 on. */
  readonly part: number;
  readonly panes: readonly SelfTimePane[];
}

/** The series as a text: different for different series. */
export function seriesKey(name: SeriesName): string {
  return name.type === 'edge'
    ? `>${name.service.length}:${name.service}${name.peer}`
    : `${name.kind}${name.service.length}:${name.service}${name.operation}`;
}
