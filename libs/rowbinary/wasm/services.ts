// Spans and errors per service of one fragment.
import { Name } from '../src/stage-layout';
import { nameAt } from './streams';
import { areSame } from './texts';

/** Services of one trace that are told apart; spans of further ones count as those of one named `(other)`. */
const SERVICES_MAX: i32 = 256;
/** Of each: where its name is, the name's bytes, spans, errors. */
const WORDS: usize = 4;

export let count: i32 = 0;

let table: usize = 0;
/** Spans of one service tend to follow each other. */
let latest: i32 = 0;

/** Lays the table out from `at` on, empty; gives the place after it. */
export function lay(at: usize): usize {
  table = at;
  count = 0;
  latest = 0;
  return table + (<usize>SERVICES_MAX + 1) * WORDS * sizeof<u32>();
}

@inline
function place(service: i32): usize {
  return table + <usize>service * (WORDS * sizeof<u32>());
}

@inline
export function name(service: i32): usize {
  return load<u32>(place(service));
}

@inline
export function nameBytes(service: i32): usize {
  return load<u32>(place(service), 4);
}

@inline
export function spans(service: i32): u32 {
  return load<u32>(place(service), 8);
}

@inline
export function errors(service: i32): u32 {
  return load<u32>(place(service), 12);
}

/** Counts a span of the service with that name; gives the service's number. */
export function add(from: usize, bytes: usize, hasFailed: bool): i32 {
  if (count == 0 || !isAt(latest, from, bytes)) latest = find(from, bytes);
  const at = place(latest);
  store<u32>(at, load<u32>(at, 8) + 1, 8);
  if (hasFailed) store<u32>(at, load<u32>(at, 12) + 1, 12);
  return latest;
}

@inline
function isAt(service: i32, from: usize, bytes: usize): bool {
  return nameBytes(service) == bytes && areSame(name(service), from, bytes);
}

function find(from: usize, bytes: usize): i32 {
  for (let i = 0; i < count; i++) if (isAt(i, from, bytes)) return i;
  if (count < SERVICES_MAX) return push(from, bytes);
  if (count > SERVICES_MAX) return SERVICES_MAX;
  const other = nameAt(Name.otherServices);
  return push(other + 1, load<u8>(other));
}

function push(from: usize, bytes: usize): i32 {
  const at = place(count);
  store<u32>(at, <u32>from);
  store<u32>(at, <u32>bytes, 4);
  store<u64>(at, 0, 8);
  return count++;
}
