import { SPAN_KIND_NAMES } from '@spanloom/model';

/** Kinds by the word that APIs use. */
const STORED_BY_WORD: ReadonlyMap<string, string> = new Map(
  SPAN_KIND_NAMES.map((name) => [name.toLowerCase(), name]),
);

/** The kind as stored, of `server` or `Server`; null when there is no such kind. */
export function storedKindOf(word: string): string | null {
  return STORED_BY_WORD.get(word.toLowerCase()) ?? null;
}

/** The kind as Jaeger writes it, of its stored name: lower-case, and empty for unspecified. */
export function jaegerKindOf(stored: string): string {
  const word = stored.toLowerCase();
  return word === 'unspecified' ? '' : word;
}

/** The kinds that requests can name. */
export const KIND_WORDS: readonly string[] = [...STORED_BY_WORD.keys()];
