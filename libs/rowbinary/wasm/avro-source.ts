// A place in Avro bytes, read forward. Reading past `end`, or a length that does not fit, sets `broken` and leaves the
// position at `end`: the caller looks once, when it has read a whole value. Bytes behind `end` may be loaded, since the
// memory goes on there, but never mean anything.

export let at: usize = 0;
export let end: usize = 0;
export let broken: bool = false;

/** Begins at `start`; what is at `limit` or after it is not read. */
export function open(start: usize, limit: usize): void {
  at = start;
  end = limit;
  broken = false;
}

@inline
export function moveTo(place: usize): void {
  at = place;
}

export function breakOff(): void {
  broken = true;
  at = end;
}

/** An int or long. */
@inline
export function long(): i64 {
  const first = load<u8>(at);
  if (first < 128 && at < end) {
    at++;
    return (<i64>(first >>> 1)) ^ -(<i64>(first & 1));
  }
  return longOfMany();
}

function longOfMany(): i64 {
  let place = at;
  let bits: u64 = 0;
  for (let shift: u64 = 0; shift < 70 && place < end; shift += 7) {
    const byte = load<u8>(place++);
    bits |= (<u64>(byte & 127)) << shift;
    if (byte < 128) {
      at = place;
      return <i64>(bits >>> 1) ^ -(<i64>(bits & 1));
    }
  }
  breakOff();
  return 0;
}

/** The length of a string; the position is then at its first byte, and all of it is there. */
@inline
export function size(): usize {
  const bytes = long();
  if (<u64>bytes <= <u64>(end - at)) return <usize>bytes;
  breakOff();
  return 0;
}

/** The count of items in the next block of an array or map, 0 after the last; each takes a byte or more. */
export function blockCount(): usize {
  let count = long();
  if (count < 0) {
    count = -count;
    long();
  }
  if (<u64>count <= <u64>(end - at)) return <usize>count;
  breakOff();
  return 0;
}
