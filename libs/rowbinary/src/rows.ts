/** How rows are encoded, by ClickHouse's name for it. */
export type RowFormat = 'RowBinary' | 'Native';

/** Rows for one table, gathered until they are inserted. */
export interface Rows {
  readonly format: RowFormat;
  /** Rows since the last reset. */
  readonly rowCount: number;
  /** About how many bytes they take. */
  readonly byteCount: number;
  /** All of it in order and without a copy: valid until more is written. */
  views(): readonly Buffer[];
  /** The same in one piece. */
  view(): Buffer;
  /** Forgets what was written. A buffer that had to grow beyond `keepBytesMax` is given back. */
  reset(keepBytesMax?: number): void;
}

/** Joins pieces where there are several. */
export function joined(views: readonly Buffer[]): Buffer {
  const [first, ...rest] = views;
  return first !== undefined && rest.length === 0 ? first : Buffer.concat(views);
}

/** Rows as an insert takes them: valid until more is written. */
export function encoded(rows: Rows): {
  readonly format: RowFormat;
  readonly body: readonly Buffer[];
} {
  return { format: rows.format, body: rows.views() };
}
