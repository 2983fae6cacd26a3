import type { Search } from '../sql/search';
import type { Parameters } from './parameters';

/** Traces in one answer of a search. */
export const SEARCH_LIMITS = { default: 20, min: 1, max: 1500 } as const;
const TAGS_MAX = 32;

/** Reads the parameters of a search; what is wrong is in `parameters.problems`. */
export function searchOf(parameters: Parameters): Search {
  const search: Search = {
    service: parameters.text('service'),
    operation: parameters.text('operation'),
    tags: [...mapTags(parameters), ...pairTags(parameters)],
    startNano: parameters.micros('start'),
    endNano: parameters.micros('end'),
    minNano: parameters.duration('minDuration'),
    maxNano: parameters.duration('maxDuration'),
    limit: parameters.int('limit', SEARCH_LIMITS),
  };
  const { startNano, endNano, minNano, maxNano, tags } = search;
  if (startNano !== undefined && endNano !== undefined && startNano > endNano) {
    parameters.problem('start is after end: swap them');
  }
  if (minNano !== undefined && maxNano !== undefined && minNano > maxNano) {
    parameters.problem('minDuration is longer than maxDuration: swap them');
  }
  if (tags.length > TAGS_MAX)
    parameters.problem(`there are more than ${TAGS_MAX} tags: give fewer`);
  return search;
}

type Tag = readonly [key: string, value: string];

/** `tag=key:value`, repeated. */
function pairTags(parameters: Parameters): Tag[] {
  return parameters.all('tag').flatMap((pair): Tag[] => {
    const colon = pair.indexOf(':');
    if (colon > 0) return [[pair.slice(0, colon), pair.slice(colon + 1)]];
    parameters.problem('tag should be key:value');
    return [];
  });
}

/** `tags={"key":"value"}`, repeated. */
function mapTags(parameters: Parameters): Tag[] {
  return parameters.all('tags').flatMap((text): Tag[] => {
    const entries = entriesOf(text);
    if (entries !== null) return entries;
    parameters.problem('tags should be a JSON object of texts, such as {"http.method":"GET"}');
    return [];
  });
}

function entriesOf(text: string): Tag[] | null {
  let map: unknown;
  try {
    map = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof map !== 'object' || map === null || Array.isArray(map)) return null;
  const entries = Object.entries(map);
  const plain = entries.every(([, value]) =>
    ['string', 'number', 'boolean'].includes(typeof value),
  );
  return plain ? entries.map(([key, value]) => [key, String(value)]) : null;
}
