/** The frame around every answer of Jaeger's API. */
export interface Envelope<T> {
  readonly data: T;
  readonly total: number;
  readonly limit: number;
  readonly offset: number;
  readonly errors: readonly { readonly code: number; readonly msg: string }[] | null;
}

/** A list in its frame. */
export function listed<T>(data: readonly T[]): Envelope<readonly T[]> {
  return { data, total: data.length, limit: 0, offset: 0, errors: null };
}

/** What went wrong in the frame that Jaeger's clients read: an HTTP status and messages that name the cure. */
export function refused(code: number, messages: readonly string[]): Envelope<null> {
  const errors = messages.map((msg) => ({ code, msg }));
  return { data: null, total: 0, limit: 0, offset: 0, errors };
}
