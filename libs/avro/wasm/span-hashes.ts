// Hashes of spans, from what a scan told of them.
import { ScanFact, ScanVerdict } from '../src/scan-layout';
import { SPAN_FACTS_BYTES, UNREADABLE_FACTS_BYTES } from './scan-facts';

/** Trace id and span id. */
const IDS_BYTES: usize = 24;
/** Odd, and its bits in no order: 2^64 divided by the golden ratio. */
const FACTOR: u64 = 0x9e3779b97f4a7c15;

@inline
function fact(facts: usize, which: ScanFact): i32 {
  return load<i32>(facts + <usize>which * sizeof<i32>());
}

/**
 * Adds hashes to what is told, from `facts` up to `end`, of spans that could be read.
 * @param shift as the scan had it
 */
export function hashSpans(facts: usize, end: usize, shift: i32): void {
  let at = facts;
  while (at < end) {
    if (fact(at, ScanFact.verdict) < ScanVerdict.malformed) {
      hashIdentity(at, shift);
      hashSeries(at, shift);
      at += SPAN_FACTS_BYTES;
    } else {
      at += UNREADABLE_FACTS_BYTES;
    }
  }
}

/**
 * Two multiply-and-mix chains over the six words of the ids (the rounds of MurmurHash3, Appleby). They may never change:
 * figures are rounded by them, and a log that is read again must give the same.
 */
@inline
function hashIdentity(facts: usize, shift: i32): void {
  const kind = <u32>fact(facts, ScanFact.kind);
  const ids = <usize>(fact(facts, ScanFact.spanStart) - shift);
  let a: u32 = 0x9e3779b9 ^ kind;
  let b: u32 = 0x85ebca6b + kind;
  for (let at = ids; at < ids + IDS_BYTES; at += sizeof<u32>()) {
    const word = load<u32>(at);
    a = mix(a, word, 0xcc9e2d51);
    b = mix(b, word, 0x1b873593);
  }
  store<u32>(facts + ScanFact.identityHash * sizeof<i32>(), finish(a));
  store<u32>(facts + ScanFact.identityRest * sizeof<i32>(), finish(b) | 1);
}

@inline
function mix(hash: u32, word: u32, factor: u32): u32 {
  return rotl(hash ^ ((word ^ (word >>> 15)) * factor), 13) * 5 + 0xe6546b64;
}

@inline
function finish(hash: u32): u32 {
  let h = (hash ^ (hash >>> 16)) * 0x85ebca6b;
  h = (h ^ (h >>> 13)) * 0xc2b2ae35;
  return h ^ (h >>> 16);
}

@inline
function hashSeries(facts: usize, shift: i32): void {
  let hash = <u64>(fact(facts, ScanFact.kind) * 3 + fact(facts, ScanFact.statusCode)) * FACTOR;
  hash = hashText(hash, facts, ScanFact.serviceStart, shift);
  hash = hashText(hash, facts, ScanFact.nameStart, shift);
  store<u32>(facts + ScanFact.seriesHash * sizeof<i32>(), <u32>(hash >>> 32));
}

/** By words of 8 bytes, of the last one what belongs to the text; then its length. */
@inline
function hashText(before: u64, facts: usize, start: ScanFact, shift: i32): u64 {
  const from = <usize>(fact(facts, start) - shift);
  const bytes = <usize>(fact(facts, start + 1) - shift) - from;
  const words = bytes & ~7;
  let hash = before;
  for (let at = from; at < from + words; at += 8) hash = stir(hash, load<u64>(at));
  const rest = bytes & 7;
  if (rest > 0) hash = stir(hash, load<u64>(from + words) & ((<u64>1 << (<u64>rest * 8)) - 1));
  return stir(hash, bytes);
}

@inline
function stir(hash: u64, word: u64): u64 {
  const product = (hash ^ word) * FACTOR;
  return product ^ (product >>> 29);
}
