import type { Attributes } from '@spanloom/model';

/** A tag of Jaeger's JSON: a key and a typed value. */
export type JaegerTag =
  | { readonly key: string; readonly type: 'string'; readonly value: string }
  | { readonly key: string; readonly type: 'bool'; readonly value: boolean }
  | { readonly key: string; readonly type: 'int64' | 'float64'; readonly value: number };

/** 15 digits: what a double holds exactly. */
const WHOLE = /^(?:0|-?[1-9]\d{0,14})$/;
const DECIMAL = /^-?\d+\.\d+$/;

/**
 * A tag of an attribute. Attributes are stored as text, so the type is read off the text, and only where
 * the typed value would be written as the same text again: nothing can look different for it.
 */
export function tagOf(key: string, text: string): JaegerTag {
  if (text === 'true' || text === 'false') return { key, type: 'bool', value: text === 'true' };
  if (WHOLE.test(text)) return { key, type: 'int64', value: Number(text) };
  if (DECIMAL.test(text) && String(Number(text)) === text) {
    return { key, type: 'float64', value: Number(text) };
  }
  return stringTag(key, text);
}

/** A tag whose value is text whatever it looks like. */
export function stringTag(key: string, value: string): JaegerTag {
  return { key, type: 'string', value };
}

/** The tags of some attributes, without the keys that are said otherwise. */
export function tagsOf(
  attributes: Attributes,
  without: ReadonlySet<string> = new Set(),
): JaegerTag[] {
  return Object.entries(attributes)
    .filter(([key]) => !without.has(key))
    .map(([key, text]) => tagOf(key, text));
}
