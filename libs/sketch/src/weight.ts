/**
 * The greatest adjusted count that one span is given. A producer that samples fewer than one in a
 * million is counted as one in a million, so that one hostile `trace_state` cannot drown a pane.
 */
export const ADJUSTED_COUNT_MAX = 1_000_000;

const TWO_56 = 2 ** 56;
const TH_DIGITS = 14;

const COMMA = 44;
const SEMICOLON = 59;
const SPACE = 32;
const TAB = 9;

/** Where `a:` or `a=`, as ASCII text, begins a member of the list `bytes[start…end)`; -1 if nowhere. */
function memberValue(
  bytes: Uint8Array,
  start: number,
  end: number,
  separator: number,
  name: string,
): number {
  let at = start;
  while (at < end) {
    while (at < end && (bytes[at] === SPACE || bytes[at] === TAB)) at++;
    let same = 0;
    while (same < name.length && bytes[at + same] === name.charCodeAt(same)) same++;
    if (same === name.length && at + same <= end) return at + same;
    while (at < end && bytes[at] !== separator) at++;
    at++;
  }
  return -1;
}

function endOfMember(bytes: Uint8Array, at: number, end: number, separator: number): number {
  let stop = at;
  while (stop < end && bytes[stop] !== separator) stop++;
  return stop;
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  if (byte >= 97 && byte <= 102) return byte - 87;
  return -1;
}

/**
 * The adjusted count of a span from its W3C `tracestate`: how many spans it stands for when its
 * producer sampled with the rejection threshold `ot=th:` (OpenTelemetry specification, "TraceState:
 * Probability Sampling"): 2^56 / (2^56 − T), T being the hex digits padded right to 14.
 *
 * @param bytes the trace state is `bytes[start…end)`
 * @returns a real number ≥ 1; 1 when there is no threshold, or one that cannot be read
 */
export function adjustedCount(bytes: Uint8Array, start: number, end: number): number {
  const ot = memberValue(bytes, start, end, COMMA, 'ot=');
  if (ot < 0) return 1;
  const otEnd = endOfMember(bytes, ot, end, COMMA);
  const at = memberValue(bytes, ot, otEnd, SEMICOLON, 'th:');
  if (at < 0) return 1;
  let stop = endOfMember(bytes, at, otEnd, SEMICOLON);
  while (stop > at && (bytes[stop - 1] === SPACE || bytes[stop - 1] === TAB)) stop--;
  if (stop === at || stop - at > TH_DIGITS) return 1;
  let threshold = 0;
  for (let i = 0; i < TH_DIGITS; i++) {
    const digit = at + i < stop ? hexDigit(bytes[at + i] as number) : 0;
    if (digit < 0) return 1;
    threshold = threshold * 16 + digit;
  }
  return Math.min(ADJUSTED_COUNT_MAX, TWO_56 / (TWO_56 - threshold));
}

/**
 * Makes an adjusted count whole without bias: rounded up for the share of spans that its fraction
 * says, down for the rest, chosen by a hash of the span's identity. A count of 3.33 gives 3 for two
 * spans in three and 4 for the third, always the same for the same span, whatever came before it.
 *
 * @param hash 32 unsigned bits that depend on nothing but the span's ids
 */
export function wholeCount(adjusted: number, hash: number): number {
  const whole = Math.floor(adjusted);
  return hash < (adjusted - whole) * 4294967296 ? whole + 1 : whole;
}
