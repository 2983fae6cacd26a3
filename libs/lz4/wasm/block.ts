// Unpacks one LZ4 block (LZ4 documentation, "LZ4 Block Format Description"): sequences of a token, literals, and a match
// in what was unpacked before. Speed comes from copying 16 bytes at a time past the end of what is wanted: what is
// written too much is written over by what comes next, so 64 bytes behind `limit` and behind `end` must be memory too.

const BROKEN: isize = -1;
/** In the token: bytes to be added follow. */
const MORE: usize = 15;
const MATCH_BYTES_MIN: usize = 4;

/** Where the length ends that {@link longLength} read. */
let lengthEnd: usize = 0;

/**
 * @param start the block begins there, and ends before `end`
 * @param target where its content goes, which must not go beyond `limit`
 * @param floor where what matches may refer to begins
 * @returns the end of its content; -1 when the block is broken or has more content than there is room for
 */
export function unpackBlock(
  start: usize,
  end: usize,
  target: usize,
  limit: usize,
  floor: usize,
): isize {
  let at = start;
  let to = target;
  while (at < end) {
    const token: usize = load<u8>(at++);
    let literals = token >>> 4;
    if (literals == MORE) {
      literals = longLength(at, end);
      at = lengthEnd;
    }
    if (literals > end - at || literals > limit - to) return BROKEN;
    copyLiterals(to, at, literals);
    at += literals;
    to += literals;
    // The last sequence has literals only.
    if (at == end) return to;
    if (end - at < 2) return BROKEN;
    const offset: usize = load<u16>(at);
    at += 2;
    if (offset == 0 || offset > to - floor) return BROKEN;
    let bytes = token & MORE;
    if (bytes == MORE) {
      bytes = longLength(at, end);
      at = lengthEnd;
    }
    bytes += MATCH_BYTES_MIN;
    if (bytes > limit - to) return BROKEN;
    copyMatch(to, offset, bytes);
    to += bytes;
  }
  return BROKEN;
}

/**
 * A length of 15 and more: bytes to be added follow, up to one that is not 255. Blocks are 4 MiB at most, so no sum of
 * them comes near 2^32. Where the block ends too early, it is more than any block has room for.
 */
function longLength(from: usize, end: usize): usize {
  let length = MORE;
  for (lengthEnd = from; lengthEnd < end; ) {
    const byte: usize = load<u8>(lengthEnd++);
    length += byte;
    if (byte != 255) return length;
  }
  return 0x7fff_ffff;
}

@inline
function copyLiterals(to: usize, from: usize, bytes: usize): void {
  v128.store(to, v128.load(from));
  if (bytes <= 16) return;
  if (bytes > 64) {
    memory.copy(to, from, bytes);
  } else {
    v128.store(to, v128.load(from, 16), 16);
    v128.store(to, v128.load(from, 32), 32);
    v128.store(to, v128.load(from, 48), 48);
  }
}

/** A match may reach into itself: no step may be longer than it is far back. */
@inline
function copyMatch(target: usize, offset: usize, bytes: usize): void {
  let to = target;
  let from = target - offset;
  const stop = target + bytes;
  if (offset >= 16) {
    do {
      v128.store(to, v128.load(from));
      from += 16;
      to += 16;
    } while (to < stop);
  } else if (offset >= 8) {
    do {
      store<u64>(to, load<u64>(from));
      from += 8;
      to += 8;
    } while (to < stop);
  } else {
    do store<u8>(to++, load<u8>(from++));
    while (to < stop);
  }
}
