/** Names and types of columns, and cells as text. */
export interface Rows {
  readonly names: readonly string[];
  readonly types: readonly string[];
  readonly cells: readonly (readonly string[])[];
}

/** The format of ClickHouse's that {@link parseRows} reads. */
export const ROWS_FORMAT = 'JSONCompactStringsEachRowWithNamesAndTypes';

/** Reads an answer in {@link ROWS_FORMAT}; null when a statement had no result set. */
export function parseRows(body: string): Rows | null {
  const lines = body.split('\n').filter((line) => line !== '');
  const [names, types, ...cells] = lines.map((line) => JSON.parse(line) as string[]);
  return names === undefined || types === undefined ? null : { names, types, cells };
}

const NUMBER = /^(?:Nullable\(|LowCardinality\()*(?:U?Int|B?Float|Decimal)\d*/;
const CELL_MAX = 120;

/** A table with numbers to the right, and the count of rows under it. */
export function formatTable({ names, types, cells }: Rows): string {
  const body = cells.map((row) => row.map(shown));
  const widths = names.map((name, column) =>
    body.reduce((width, row) => Math.max(width, length(row[column] ?? '')), length(name)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => pad(cell, widths[column] as number, NUMBER.test(types[column] ?? '')))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  const count = `(${cells.length} ${cells.length === 1 ? 'row' : 'rows'})`;
  return [line(names), rule, ...body.map(line), count].join('\n');
}

/** One line without control characters, which could also move the terminal's cursor; cut where it gets too long. */
function shown(cell: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const plain = cell.replace(/[\u0000-\u001f\u007f-\u009f]/g, (c) =>
    c === '\n' ? '\\n' : c === '\t' ? '\\t' : '?',
  );
  const characters = [...plain];
  return characters.length <= CELL_MAX ? plain : `${characters.slice(0, CELL_MAX - 1).join('')}…`;
}

function length(text: string): number {
  return [...text].length;
}

function pad(text: string, width: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, width - length(text)));
  return right ? space + text : text + space;
}
