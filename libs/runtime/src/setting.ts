import { z } from 'zod';

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
  schema: z.ZodType<T>,
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
      const result = schema.safeParse(raw);
      return result.success ? { ok: true, value: result.data } : { ok: false };
    },
  };
}

/** A text. `secret: true` hides it when printed; `secret: 'url'` hides only the user and password in a URL. */
export function text(
  options: Described<string> & { readonly secret?: boolean | 'url' },
): Setting<string> {
  const secrecy = options.secret === 'url' ? 'url' : options.secret ? 'whole' : 'none';
  const accepts = secrecy === 'url' ? 'a URL' : 'a text';
  const schema = secrecy === 'url' ? z.string().refine((value) => URL.canParse(value)) : z.string();
  return define('text', options, accepts, schema, { secrecy });
}

/** A whole number between `min` and `max`, both included. */
export function int(
  options: Described<number> & {
    readonly min: number;
    readonly max: number;
    readonly unit?: string;
  },
): Setting<number> {
  const number = z.int().min(options.min).max(options.max);
  const schema = z.preprocess(
    (raw) => (typeof raw === 'string' && /^-?\d+$/.test(raw.trim()) ? Number(raw) : raw),
    number,
  );
  return define('int', options, `a whole number from ${options.min} to ${options.max}`, schema, {
    unit: options.unit,
  });
}

/** Yes or no: `true`, `false`, `1` or `0`. */
export function flag(options: Described<boolean>): Setting<boolean> {
  const words = new Map<unknown, boolean>([
    ['true', true],
    ['1', true],
    ['false', false],
    ['0', false],
  ]);
  const schema = z.preprocess((raw) => words.get(raw) ?? raw, z.boolean());
  return define('flag', options, 'true or false', schema);
}

/** One of a few words. */
export function choice<const T extends string>(
  choices: readonly T[],
  options: Described<NoInfer<T>>,
): Setting<T> {
  return define('choice', options, `one of ${choices.join(', ')}`, z.enum(choices));
}

/** Texts, separated by commas in the environment and an array in the file. Empty only where the default is. */
export function list(options: Described<readonly string[]>): Setting<readonly string[]> {
  const mayBeEmpty = options.default?.length === 0;
  const schema = z.preprocess(
    (raw) =>
      typeof raw === 'string'
        ? raw
            .split(',')
            .map((item) => item.trim())
            .filter((item) => item !== '')
        : raw,
    z
      .array(z.string())
      .min(mayBeEmpty ? 0 : 1)
      .max(LIST_ITEMS_MAX),
  );
  return define<readonly string[]>(
    'list',
    options,
    `${mayBeEmpty ? '' : 'one or more '}texts separated by commas`,
    schema,
  );
}
