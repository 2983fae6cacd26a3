import { Unpacker } from './unpacker';

/** LZ4 documentation, "LZ4 Frame Format Description". */
const MAGIC = 0x184d2204;
const VERSION = 0x40;
const VERSION_MASK = 0xc0;
const INDEPENDENT_BLOCKS = 0x20;
const BLOCK_CHECKSUMS = 0x10;
const CONTENT_SIZE = 0x08;
const DICTIONARY = 0x01;
/** Set in a block's size when the block is stored as it is. */
const STORED = 0x8000_0000;
/** Magic number, flags, block size, checksum of the header. */
const HEADER_BYTES_MIN = 7;
const SIZE_BYTES = 4;

const unpacker = new Unpacker();

/**
 * Unpacks one LZ4 frame, of linked or independent blocks. Checksums are not looked at: where frames come from, a CRC of
 * the whole has been. What follows the frame is ignored.
 * @param bytes_max most bytes of content
 * @returns the content: valid until the next call
 * @throws RangeError when the frame is broken, needs a dictionary, or has more content
 */
export function unpackFrame(frame: Uint8Array, bytes_max: number): Uint8Array {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const header = readHeader(view);
  let at = header.end;
  unpacker.open(frame);
  for (;;) {
    if (at + SIZE_BYTES > frame.length) throw new RangeError('the LZ4 frame is cut off');
    const size = view.getUint32(at, true);
    at += SIZE_BYTES;
    if (size === 0) return unpacker.content();
    const isStored = size >= STORED;
    const end = at + (isStored ? size - STORED : size);
    if (end > frame.length || end - at > header.block_bytes_max)
      throw new RangeError('an LZ4 block is longer than can be');
    const content_max = Math.min(header.block_bytes_max, bytes_max - unpacker.length);
    if (isStored && end - at <= content_max) unpacker.copy(at, end);
    else if (isStored || !unpacker.unpack(at, end, content_max, header.isLinked))
      throw new RangeError('an LZ4 block is broken, or the content is too large');
    at = end + header.block_checksum_bytes;
  }
}

/** What a frame says of its blocks. */
interface FrameHeader {
  /** Where the first block begins. */
  readonly end: number;
  readonly block_bytes_max: number;
  readonly block_checksum_bytes: number;
  /** Whether blocks refer to those before them. */
  readonly isLinked: boolean;
}

function readHeader(view: DataView): FrameHeader {
  if (view.byteLength < HEADER_BYTES_MIN || view.getUint32(0, true) !== MAGIC)
    throw new RangeError('not an LZ4 frame');
  const flags = view.getUint8(4);
  const sizeCode = (view.getUint8(5) >> 4) & 7;
  if ((flags & VERSION_MASK) !== VERSION) throw new RangeError('an LZ4 frame of another version');
  if ((flags & DICTIONARY) !== 0) throw new RangeError('the LZ4 frame needs a dictionary');
  if (sizeCode < 4) throw new RangeError('the LZ4 frame names no block size');
  return {
    end: HEADER_BYTES_MIN + ((flags & CONTENT_SIZE) !== 0 ? 8 : 0),
    block_bytes_max: 2 ** (8 + 2 * sizeCode), // codes 4 to 7: 64 KiB, 256 KiB, 1 MiB, 4 MiB
    block_checksum_bytes: (flags & BLOCK_CHECKSUMS) !== 0 ? 4 : 0,
    isLinked: (flags & INDEPENDENT_BLOCKS) === 0,
  };
}
