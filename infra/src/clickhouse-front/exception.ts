/** An error in the shape in which a ClickHouse server answers it. */
export interface ServerException {
  /** ClickHouse's error code. */
  readonly code: number;
  /** HTTP status that a server gives for that code. */
  readonly status: number;
  /** `Code: 60. DB::Exception: … (UNKNOWN_TABLE) (version …)`. */
  readonly text: string;
}

/** HTTP statuses by error code, as the server's documentation and behaviour have them; others are 500. */
const STATUS: ReadonlyMap<number, number> = new Map([
  ...[6, 25, 26, 27, 33, 38, 41, 53, 62, 69, 72, 117, 158, 167, 168].map(
    (code) => [code, 400] as const,
  ),
  ...[36, 46, 47, 50, 56, 60, 63, 73, 81, 108, 115].map((code) => [code, 404] as const),
  [48, 501],
  [202, 503],
  [307, 413],
]);

const CODE_PREFIX = /^Code: (\d+)\. DB::(?:\w+)?Exception: /;

/**
 * Turns what the embedded engine says into what a server would answer. The engine wraps some errors twice
 * (`Code: 33. DB::Exception: Code: 33. DB::Exception: … (NAME) (version x). (NAME)`): one wrapping is taken off.
 */
export function serverException(message: string, version: string): ServerException {
  let text = message.trim();
  const code = Number(CODE_PREFIX.exec(text)?.[1] ?? 1001);
  if (CODE_PREFIX.test(text.replace(CODE_PREFIX, ''))) {
    text = text.replace(CODE_PREFIX, '').replace(/\. \([A-Z0-9_]+\)$/, '');
  }
  if (!CODE_PREFIX.test(text)) text = `Code: ${code}. DB::Exception: ${text} (STD_EXCEPTION)`;
  if (!/\(version [^)]*\)+$/.test(text)) text = `${text} (version ${version} (embedded build))`;
  return { code, status: STATUS.get(code) ?? 500, text };
}

/** An exception of the front's own, with a code and name of ClickHouse's list. */
export function frontException(code: number, name: string, message: string): Error {
  return new Error(`Code: ${code}. DB::Exception: ${message}. (${name})`);
}
