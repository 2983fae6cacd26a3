/** What part of a value is hidden when it is printed: nothing, all of it, or the credentials in a URL. */
export type Secrecy = 'none' | 'whole' | 'url';

/** The result of reading a raw value (text from the environment, JSON from the file). */
export type Reading<T> = { readonly ok: true; readonly value: T } | { readonly ok: false };

/** One setting, described once: validation, printing and documentation all come from this. */
export interface Setting<T> {
  readonly kind: 'text' | 'int' | 'flag' | 'choice' | 'list';
  /** What it does, in a sentence or two. */
  readonly doc: string;
  /** The environment variable, where it is not `SPANLOOM_<NAME>`. */
  readonly env: string | undefined;
  /** Undefined: the setting must be given. */
  readonly default: T | undefined;
  readonly secrecy: Secrecy;
  /** The unit, where the name does not end in it. */
  readonly unit: string | undefined;
  /** The values it takes, in words. */
  readonly accepts: string;
  /** Reads a raw value, or says that it is not acceptable. */
  read(raw: unknown): Reading<T>;
}

interface Described<T> {
  readonly default?: T;
  readonly doc: string;
  readonly env?: string;
}

const LIST_ITEMS_MAX = 1000;

function define<T>(
  kind: Setting<T>['kind'],
  described: Described<T>,
  accepts: string,
  parse: (raw: unknown) => T | undefined,
  more: { readonly secrecy?: Secrecy; readonly unit?: string | undefined } = {},
): Setting<T> {
  return {
    kind,
    doc: described.doc,
    env: described.env,
    default: described.default,
    secrecy: more.secrecy ?? 'none',
    unit: more.unit,
    accepts,
    read(raw) {
      const value = parse(raw);
      return value === undefined ? { ok: false } : { ok: true, value };
    },
  };
}

/** A text. `secret: true` hides it when printed; `secret: 'url'` hides only the user and password in a URL. */
export function text(
  options: Described<string> & { readonly secret?: boolean | 'url' },
): Setting<string> {
  const secrecy = options.secret === 'url' ? 'url' : options.secret ? 'whole' : 'none';
  const accepts = secrecy === 'url' ? 'a URL' : 'a text';
  const parse = (raw: unknown): string | undefined =>
    typeof raw === 'string' && (secrecy !== 'url' || URL.canParse(raw)) ? raw : undefined;
  return define('text', options, accepts, parse, { secrecy });
}

/** A whole number between `min` and `max`, both included. */
export function int(
  options: Described<number> & {
    readonly min: number;
    readonly max: number;
    readonly unit?: string;
  },
): Setting<number> {
  const { min, max, unit } = options;
  const parse = (raw: unknown): number | undefined => {
    const value = typeof raw === 'string' && /^-?\d+$/.test(raw.trim()) ? Number(raw) : raw;
    const isWhole = typeof value === 'number' && Number.isSafeInteger(value);
    return isWhole && value >= min && value <= max ? value : undefined;
  };
  return define('int', options, `a whole number from ${min} to ${max}`, parse, { unit });
}

/** Yes or no: `true`, `false`, `1` or `0`. */
export function flag(options: Described<boolean>): Setting<boolean> {
  const words = new Map<unknown, boolean>([
    [true, true],
    ['true', true],
    ['1', true],
    [false, false],
    ['false', false],
    ['0', false],
  ]);
  return define('flag', options, 'true or false', (raw) => words.get(raw));
}

/** One of a few words. */
export function choice<const T extends string>(
  choices: readonly T[],
  options: Described<NoInfer<T>>,
): Setting<T> {
  const parse = (raw: unknown): T | undefined => choices.find((one) => one === raw);
  return define('choice', options, `one of ${choices.join(', ')}`, parse);
}

/** Texts, separated by commas in the environment and an array in the file. Empty only where the default is. */
export function list(options: Described<readonly string[]>): Setting<readonly string[]> {
  const items_min = options.default?.length === 0 ? 0 : 1;
  const parse = (raw: unknown): readonly string[] | undefined => {
    const items: unknown = typeof raw === 'string' ? splitAtCommas(raw) : raw;
    const isBounded = isTexts(items) && items.length >= items_min && items.length <= LIST_ITEMS_MAX;
    return isBounded ? items : undefined;
  };
  const accepts = `${items_min === 0 ? '' : 'one or more '}texts separated by commas`;
  return define('list', options, accepts, parse);
}

function splitAtCommas(raw: string): readonly string[] {
  return raw
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
