const TRACE_ID = /^[0-9a-f]{1,32}$/;
const ZEROS = '0'.repeat(32);

/**
 * A trace id as stored: 32 lower-case hex characters. Jaeger leaves leading zeros out and some clients
 * know 64 bits only, so short ids are filled up. Null: not an id.
 */
export function traceIdOf(text: string): string | null {
  const id = text.toLowerCase();
  if (!TRACE_ID.test(id)) return null;
  const padded = id.padStart(32, '0');
  return padded === ZEROS ? null : padded;
}
