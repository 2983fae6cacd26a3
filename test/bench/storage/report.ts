import { alignColumns, grouped } from '@spanloom/cli';
import type { SearchResult } from './searches';
import type { Owner, TableFigures } from './tables';

/** What was measured on one set of spans. */
export interface DataSetResult {
  readonly name: string;
  readonly rows: number;
  /** Mean size of a span in Avro, bytes. */
  readonly span_bytes: number;
  readonly tables: Readonly<Record<Owner, TableFigures>>;
  readonly searches: readonly SearchResult[];
}

/** Columns that take less than this are left out of the table for people. */
const SHOWN_BYTES_MIN = 0.005;

/** A result as lines for people. */
export function storageLines(result: DataSetResult): readonly string[] {
  const { name, rows, span_bytes } = result;
  return [
    `${name}: ${grouped(rows)} spans of ${span_bytes.toFixed(0)} bytes`,
    ...alignColumns(diskRows(result), { indent: '  ' }),
    '',
    ...alignColumns(searchRows(result), { indent: '  ' }),
    '',
  ];
}

function diskRows({ tables: { spanloom, exporter } }: DataSetResult): string[][] {
  const pair = (name: string, of: (figures: TableFigures) => number): string[] => {
    const [ours, theirs] = [of(spanloom), of(exporter)];
    return [name, ours.toFixed(2), theirs.toFixed(2)];
  };
  const shown = Object.keys(spanloom.columns).filter((column) =>
    [spanloom, exporter].some(({ columns }) => (columns[column] ?? 0) >= SHOWN_BYTES_MIN),
  );
  return [
    ['', 'spanloom', 'exporter'],
    pair('bytes per span', (f) => f.bytes_per_span),
    ...shown.map((column) => pair(`  ${column}`, (f) => f.columns[column] ?? 0)),
    pair('  skip indexes', (f) => f.index_bytes_per_span),
    pair('insert, CPU µs per span', (f) => f.insert_us),
    pair('merge into one part, CPU µs per span', (f) => f.merge_us),
  ];
}

function searchRows({ searches }: DataSetResult): string[][] {
  const head = ['search', 'rows read', '', 'MB read', '', 'CPU ms', '', 'elapsed ms', ''];
  return [
    head,
    ...searches.map(({ name, by: { spanloom, exporter } }) => [
      name,
      ...[spanloom, exporter].map((f) => grouped(Math.round(f.read_rows))),
      ...[spanloom, exporter].map((f) => (f.read_bytes / 1e6).toFixed(2)),
      ...[spanloom, exporter].map((f) => f.cpu_ms.toFixed(1)),
      ...[spanloom, exporter].map((f) => f.elapsed_ms.toFixed(1)),
    ]),
    ['(spanloom, then exporter; means, times medians)'],
  ];
}
