// Texts in memory: where they begin, and how many bytes they have.

/** Whether as many bytes at both places are the same. What follows them may be looked at. */
export function areSame(a: usize, b: usize, bytes: usize): bool {
  let i: usize = 0;
  for (; i + 8 <= bytes; i += 8) if (load<u64>(a + i) != load<u64>(b + i)) return false;
  const left = (bytes - i) * 8;
  if (left == 0) return true;
  return (load<u64>(a + i) ^ load<u64>(b + i)) << (64 - left) == 0;
}

/** Of a text in UTF-8, the bytes of as much as has at most so many UTF-16 units: what JavaScript calls its length. */
export function cutTo(from: usize, bytes: usize, units_max: usize): usize {
  if (bytes <= units_max) return bytes;
  let units: usize = 0;
  for (let i: usize = 0; i < bytes; i++) {
    const byte = load<u8>(from + i);
    if ((byte & 0xc0) == 0x80) continue; // goes on with the character before it
    units += byte >= 0xf0 ? 2 : 1;
    if (units > units_max) return i;
  }
  return bytes;
}

/** Writes a length as LEB128; gives the place after it. */
@inline
export function putLength(at: usize, bytes: usize): usize {
  let to = at;
  let left = bytes;
  while (left > 127) {
    store<u8>(to++, <u8>left | 128);
    left >>>= 7;
  }
  store<u8>(to, <u8>left);
  return to + 1;
}
