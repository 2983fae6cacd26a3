/** What stands where an id was. */
export const ID_PLACE = '{id}';

const UUID = /[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}/g;
const IPV4 = /\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b/g;
/** A run of letters and digits, with what comes before and after it. */
const WORD = /(^|[^0-9A-Za-z])([0-9A-Za-z]+)(?![0-9A-Za-z])/g;
const QUERY = /\?[^\s]*/g;

const DIGITS = /^\d+$/;
const HEX = /^(?:[0-9a-f]+|[0-9A-F]+)$/;
/** Bare numbers this long or longer are ids wherever they are: years, ports and status codes are shorter or stay. */
const NUMBER_DIGITS_MIN = 5;
const HEX_DIGITS_MIN = 8;
const TOKEN_CHARS_MIN = 20;

function digitsIn(word: string): number {
  let digits = 0;
  for (let i = 0; i < word.length; i++) {
    const code = word.charCodeAt(i);
    if (code >= 48 && code <= 57) digits++;
  }
  return digits;
}

/** Is the word, on its own, an id? A hex word needs a digit, or `deadbeef` and `facade` would go. */
function isId(word: string): boolean {
  const digits = digitsIn(word);
  if (digits === 0) return false;
  if (digits === word.length) return word.length >= NUMBER_DIGITS_MIN;
  if (HEX.test(word) && word.length >= HEX_DIGITS_MIN) return true;
  return word.length >= TOKEN_CHARS_MIN && digits >= 4;
}

/**
 * The operation's name with the ids taken out, so that one route is one series:
 * - UUIDs, IPv4 addresses (with port), hex words of 8 characters and more with a digit in them,
 *   numbers of 5 digits and more, and mixed words of 20 characters and more with 4 digits, anywhere;
 * - in a path (a word with a `/` before it), a whole segment that is a number of any length;
 * - what follows a `?` in a path.
 *
 * `GET /users/42/orders/9f8e7d6c5b4a?x=1` becomes `GET /users/{id}/orders/{id}`; `HTTP 404`, `v2`
 * and `step 3` stay as they are.
 */
export function templateOperation(name: string): string {
  if (!/[0-9?]/.test(name)) return name;
  const bare = name.includes('/') ? name.replace(QUERY, '') : name;
  const withoutLong = bare.replace(UUID, ID_PLACE).replace(IPV4, ID_PLACE);
  return withoutLong.replace(WORD, (all: string, before: string, word: string, at: number) => {
    if (isId(word)) return before + ID_PLACE;
    const after = withoutLong.charAt(at + all.length);
    const segment = before === '/' && (after === '' || after === '/' || after === ' ');
    return segment && DIGITS.test(word) ? before + ID_PLACE : all;
  });
}
