// Avro values by place: a function takes where a value begins, gives the place behind it, and leaves in a variable what it
// read. Places are passed on and not kept, so that they stay in registers: a scan takes a seventh longer otherwise.
//
// What does not end before `limit`, or has a length that does not fit, gives a place beyond it. From there on all else
// does, a few hundred bytes further at most, so that the caller looks once. Bytes behind `limit` may be loaded, but never
// mean anything.

/** The int or long that {@link long} read last. */
export let value: i64 = 0;
/** Where the text begins that {@link text} read last. */
export let textAt: usize = 0;
/** Items in the block that {@link block} read last: 0 after the last one, and beyond the limit. */
export let count: usize = 0;

/** The 8th bit of each byte says that another one follows. */
const MORE: u64 = 0x8080808080808080;

/** An int or long. */
@inline
export function long(at: usize, limit: usize): usize {
  const first = load<u8>(at);
  if (first < 128) {
    value = (<i64>(first >>> 1)) ^ -(<i64>(first & 1));
    return at + 1;
  }
  return longOfMany(at, limit);
}

function longOfMany(at: usize, limit: usize): usize {
  const bytes = load<u64>(at);
  const ends = ~bytes & MORE;
  if (ends != 0) {
    setValue(joined(bytes & (ends ^ (ends - 1))));
    return at + 1 + <usize>(ctz(ends) >>> 3);
  }
  const ninth = <u64>load<u8>(at, 8);
  const tenth = <u64>load<u8>(at, 9);
  if (ninth < 128) {
    setValue(joined(bytes) | (ninth << 56));
    return at + 9;
  }
  setValue(joined(bytes) | ((ninth & 127) << 56) | (tenth << 63));
  return tenth < 128 ? at + 10 : beyond(at, limit);
}

/** The low seven bits of each byte in a row. */
@inline
function joined(bytes: u64): u64 {
  const twos = (bytes & 0x007f007f007f007f) | ((bytes & 0x7f007f007f007f00) >>> 1);
  const fours = (twos & 0x00003fff00003fff) | ((twos & 0x3fff00003fff0000) >>> 2);
  return (fours & 0x0fffffff) | ((fours & 0x0fffffff00000000) >>> 4);
}

@inline
function setValue(zigzag: u64): void {
  value = <i64>(zigzag >>> 1) ^ -(<i64>(zigzag & 1));
}

@inline
function beyond(at: usize, limit: usize): usize {
  return max(at, limit) + 1;
}

/** A string. */
@inline
export function text(at: usize, limit: usize): usize {
  const first = load<u8>(at);
  if ((first & 0x81) == 0) {
    textAt = at + 1;
    return at + 1 + (first >>> 1);
  }
  return textOfMany(at, limit);
}

function textOfMany(at: usize, limit: usize): usize {
  const start = long(at, limit);
  textAt = start;
  return start <= limit && <u64>value <= <u64>(limit - start) ? start + <usize>value : beyond(at, limit);
}

/** So many strings. */
export function texts(at: usize, limit: usize, size: usize): usize {
  let place = at;
  for (let left = size; left > 0 && place <= limit; left--) place = text(place, limit);
  return place;
}

/** How many items follow in an array or map; each takes a byte or more. */
@inline
export function block(at: usize, limit: usize): usize {
  if (load<u8>(at) == 0) {
    count = 0;
    return at + 1;
  }
  return fullBlock(at, limit);
}

function fullBlock(at: usize, limit: usize): usize {
  let place = long(at, limit);
  let items = value;
  if (items < 0) {
    items = -items;
    place = long(place, limit);
  }
  const fits = place <= limit && <u64>items <= <u64>(limit - place);
  count = fits ? <usize>items : 0;
  return fits ? place : beyond(at, limit);
}
