/** The outcome of an import; null where nobody waited for it. */
export interface ImportResult {
  readonly spans_read: number;
  readonly spans_stored: number | null;
  readonly traces_stored: number | null;
  readonly duplicates: number | null;
  readonly lost: number | null;
  readonly duration_ns_sum: bigint | null;
  readonly seconds: number;
}

/** As one line of JSON. The sum is written digit for digit: it may be beyond what a double holds. */
export function resultJson(result: ImportResult): string {
  const members = Object.entries(result).map(([name, value]) => `${JSON.stringify(name)}:${value}`);
  return `{${members.join(',')}}`;
}

/** As sentences. */
export function resultText(result: ImportResult): string {
  const { spans_stored, traces_stored, duplicates, lost, seconds } = result;
  const count = (n: number | bigint | null): string => (n ?? 0).toLocaleString('en-US');
  const rate = Math.round(result.spans_read / Math.max(0.001, seconds));
  const read = `${count(result.spans_read)} spans in ${seconds} s (${count(rate)} spans/s)`;
  if (spans_stored === null) return `Sent ${read}.`;
  return [
    `Read and stored ${read}:`,
    `  spans stored    ${count(spans_stored)}`,
    `  traces stored   ${count(traces_stored)}`,
    `  duplicates      ${count(duplicates)}`,
    `  lost            ${count(lost)}`,
    `  sum of Duration ${count(result.duration_ns_sum)} ns`,
  ].join('\n');
}
