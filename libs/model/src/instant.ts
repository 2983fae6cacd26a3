/** The end of ClickHouse's DateTime, in the year 2106. */
const SECONDS_MAX = 4_294_967_295;
/** RFC 3339 with a zone: without one, the answer would depend on where the process runs. */
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/i;

/**
 * Unix time of RFC 3339, or of a number of seconds or (beyond what seconds can be) milliseconds.
 * @returns whole seconds, drawn down; null when it is neither, or not in 1970 to 2106
 */
export function unixSecondsOf(text: string): number | null {
  let seconds = Number.NaN;
  if (/^\d{1,13}$/.test(text)) {
    seconds = Number(text) > SECONDS_MAX ? Number(text) / 1000 : Number(text);
  } else if (RFC_3339.test(text)) {
    seconds = Date.parse(text) / 1000;
  }
  return seconds >= 0 && seconds <= SECONDS_MAX ? Math.floor(seconds) : null;
}
