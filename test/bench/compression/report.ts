import { alignColumns, grouped } from '@spanloom/cli';
import { hundredths } from '../report/figures';
import type { CompressionResult } from './measure-compression';

/** The figures of one data set packed one way. */
export interface CompressionSet {
  readonly name: string;
  readonly spans: number;
  readonly messages: number;
  /** Spans of a message on the mean, as asked for. */
  readonly batch: number;
  readonly results: readonly CompressionResult[];
}

/** Both the assembler and the latency worker read the topic. */
const READERS = 2;

/** CPU of writing a span once and reading it as often as Spanloom does, µs. */
export function allCpu({ write_us, read_us }: CompressionResult): number {
  return write_us + READERS * read_us;
}

/** Ratio of a compression's size to that without any. */
function sizeRatio(set: CompressionSet, result: CompressionResult): number {
  const plain = set.results.find(({ compression }) => compression === 'none');
  return result.bytes_per_span / (plain?.bytes_per_span ?? Number.NaN);
}

/** A set as a table for people. */
export function compressionLines(set: CompressionSet): readonly string[] {
  const rows = set.results.map((result) => [
    result.compression,
    result.bytes_per_span.toFixed(1),
    `${(100 * sizeRatio(set, result)).toFixed(0)} %`,
    result.write_us.toFixed(2),
    result.read_us.toFixed(2),
    allCpu(result).toFixed(2),
  ]);
  const head = ['', 'bytes/span', 'of none', 'write µs/span', 'read', `write and ${READERS} reads`];
  return [
    `${set.name}: ${grouped(set.spans)} spans in ${grouped(set.messages)} messages, about ${set.batch} each`,
    ...alignColumns([head, ...rows], { indent: '  ' }),
  ];
}

/** A set for the JSON line. */
export function compressionFigures(set: CompressionSet) {
  return {
    ...set,
    results: set.results.map((result) => ({
      compression: result.compression,
      bytes_per_span: hundredths(result.bytes_per_span),
      of_none: hundredths(sizeRatio(set, result)),
      write_us: hundredths(result.write_us),
      read_us: hundredths(result.read_us),
      all_us: hundredths(allCpu(result)),
    })),
  };
}
