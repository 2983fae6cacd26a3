/** Lays rows out in columns: the first column to the left, the others to the right. */
export function alignColumns(
  rows: readonly (readonly string[])[],
  options: { readonly indent?: string } = {},
): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, [...cell].length);
    });
  }
  const pad = (cell: string, i: number): string => {
    const space = ' '.repeat((widths[i] ?? 0) - [...cell].length);
    return i === 0 ? cell + space : space + cell;
  };
  return rows.map((row) => `${options.indent ?? ''}${row.map(pad).join('  ')}`.trimEnd());
}
