// The node on the other side of a span that has no partner, named by its attributes: see ../../trace/src/peer.ts.
import { Name } from '../src/stage-layout';
import * as source from './avro-source';
import { nameAt } from './streams';
import { areSame, cutTo } from './texts';

/** What a connection is, in the order of CONNECTION_TYPES, and one of which one side is not known. */
export const MESSAGING: u32 = 1;
const DATABASE: u32 = 2;
const VIRTUAL_NODE: u32 = 3;
export const UNPAIRED: u32 = 4;

/** Longest name of a node, in UTF-16 units; the rest is cut off. */
const NAME_UNITS_MAX: usize = 256;
/** Attributes that may name a peer, in the order of PEER_ATTRIBUTES. */
const ATTRIBUTES = Name.count - Name.peerAttributes;
const SERVICE = 0;
const DATABASE_SYSTEM = 2;
const QUEUE_SYSTEM = 4;

/** What was found. */
export let name: usize = 0;
export let nameBytes: usize = 0;
export let type: u32 = UNPAIRED;

/** Values of the attributes: where, and how many bytes. */
const values = memory.data(5 * 8);

/** Finds the peer of a span whose own attributes lie in `from … end`; `nameBytes` is 0 when nothing names it. */
export function find(from: usize, end: usize): void {
  memory.fill(values, 0, ATTRIBUTES * 8);
  source.open(from, end);
  for (let left = source.blockCount(); left > 0; left = source.blockCount()) {
    for (let i = left; i > 0 && !source.broken; i--) readPair();
  }
  // The one that says most is taken last.
  const isQueue = take(QUEUE_SYSTEM);
  const database = either(DATABASE_SYSTEM, DATABASE_SYSTEM + 1);
  if (database >= 0) take(database);
  const service = either(SERVICE, SERVICE + 1);
  if (service >= 0) take(service);
  if (nameBytes == 0) type = UNPAIRED;
  else if (database >= 0) type = DATABASE;
  else type = isQueue ? MESSAGING : VIRTUAL_NODE;
}

/** Finds none. */
export function forget(): void {
  nameBytes = 0;
  type = UNPAIRED;
}

/** The first of two attributes that has a value, or -1. */
function either(first: i32, second: i32): i32 {
  if (load<u32>(values + first * 8, 4) > 0) return first;
  return load<u32>(values + second * 8, 4) > 0 ? second : -1;
}

/** Takes an attribute's value for the name; false when it has none. */
function take(which: i32): bool {
  name = load<u32>(values + which * 8);
  nameBytes = cutTo(name, load<u32>(values + which * 8, 4), NAME_UNITS_MAX);
  return nameBytes > 0;
}

function readPair(): void {
  const keyBytes = source.size();
  const key = source.at;
  source.moveTo(key + keyBytes);
  const valueBytes = source.size();
  const which = attribute(key, keyBytes);
  if (which >= 0) {
    store<u32>(values + which * 8, <u32>source.at);
    store<u32>(values + which * 8, <u32>valueBytes, 4);
  }
  source.moveTo(source.at + valueBytes);
}

function attribute(key: usize, bytes: usize): i32 {
  for (let which = 0; which < ATTRIBUTES; which++) {
    const text = nameAt(Name.peerAttributes + which);
    if (load<u8>(text) == bytes && areSame(text + 1, key, bytes)) return which;
  }
  return -1;
}
