/** One sequence of a block: literals, then a match `offset` bytes back; the last one of a block has no match. */
export interface Sequence {
  readonly literals: Uint8Array;
  readonly match: { readonly offset: number; readonly length: number } | null;
}

/** What is over 14 of a length, as bytes that are added up. */
function extension(length: number): number[] {
  if (length < 15) return [];
  const rest = length - 15;
  return [...new Array<number>(Math.floor(rest / 255)).fill(255), rest % 255];
}

/** A block as the format's description has it. */
export function writeBlock(sequences: readonly Sequence[]): Buffer {
  const bytes: number[] = [];
  for (const { literals, match } of sequences) {
    const matched = match === null ? 0 : match.length - 4;
    bytes.push((Math.min(literals.length, 15) << 4) | Math.min(matched, 15));
    bytes.push(...extension(literals.length), ...literals);
    if (match !== null) bytes.push(match.offset & 255, match.offset >> 8, ...extension(matched));
  }
  return Buffer.from(bytes);
}

/** What the sequences unpack to, byte by byte, after what was unpacked before. */
export function plainContent(sequences: readonly Sequence[], before: readonly number[]): number[] {
  const content = [...before];
  for (const { literals, match } of sequences) {
    content.push(...literals);
    for (let i = 0; match !== null && i < match.length; i++)
      content.push(content[content.length - match.offset] as number);
  }
  return content;
}

/** A block of a frame: packed, or stored as it is. */
export interface FrameBlock {
  readonly bytes: Uint8Array;
  readonly isStored: boolean;
}

/** What a frame's header may say. */
export interface FrameOptions {
  readonly isLinked?: boolean;
  readonly hasBlockChecksums?: boolean;
  readonly hasContentSize?: boolean;
  readonly sizeCode?: number;
}

/** A frame of blocks; checksums are zeros, since nobody looks at them. */
export function writeFrame(blocks: readonly FrameBlock[], options: FrameOptions = {}): Buffer {
  const { isLinked = false, hasBlockChecksums = false, hasContentSize = false } = options;
  const flags =
    0x40 | (isLinked ? 0 : 0x20) | (hasBlockChecksums ? 0x10 : 0) | (hasContentSize ? 8 : 0);
  const parts: Buffer[] = [
    Buffer.of(0x04, 0x22, 0x4d, 0x18, flags, (options.sizeCode ?? 4) << 4),
    Buffer.alloc(hasContentSize ? 8 : 0),
    Buffer.of(0),
  ];
  for (const { bytes, isStored } of blocks) {
    const size = Buffer.alloc(4);
    size.writeUInt32LE((bytes.length | (isStored ? 0x80000000 : 0)) >>> 0);
    parts.push(size, Buffer.from(bytes), Buffer.alloc(hasBlockChecksums ? 4 : 0));
  }
  return Buffer.concat([...parts, Buffer.alloc(4)]);
}
