import { ByteWriter } from './byte-writer';

/** A column of a block in ClickHouse's Native format. */
export interface NativeColumn {
  readonly name: string;
  /** The type of what is sent; the server converts it to the table's. */
  readonly type: string;
  /** What its values are made of, one after the other: of an Array its ends, then its elements. */
  readonly streams: readonly ByteWriter[];
}

/**
 * A block in ClickHouse's Native format as HTTP takes it (ClickHouse docs, "Interfaces / Formats / Native"): the number of
 * columns and of rows as LEB128; then of each column its name and type as Strings, and its values. Integers are
 * little-endian; a String is its length as LEB128, then its bytes; an Array is, for all rows, where each one ends as
 * UInt64, then all elements; a Map is an Array whose elements are all keys, then all values.
 *
 * @returns views of the streams, with the small parts between them: valid until a stream changes
 */
export function nativeBlock(rowCount: number, columns: readonly NativeColumn[]): readonly Buffer[] {
  const pieces: Buffer[] = [
    ...written((out) => {
      out.varint(columns.length);
      out.varint(rowCount);
    }),
  ];
  for (const { name, type, streams } of columns) {
    pieces.push(
      ...written((out) => {
        out.text(name);
        out.text(type);
      }),
    );
    for (const stream of streams) pieces.push(...stream.views());
  }
  return joinSmall(pieces);
}

/** Room for a column's name and type as a rule. */
const HEAD_BYTES = 64;

/** Pieces below this are joined, up to this much: sending one costs more than copying it. */
const SMALL_BYTES = 16 * 1024;
const JOINED_BYTES_MAX = 256 * 1024;

function joinSmall(pieces: readonly Buffer[]): readonly Buffer[] {
  const joined: Buffer[] = [];
  let small: Buffer[] = [];
  let smallBytes = 0;
  const flush = (): void => {
    if (small.length > 0) joined.push(Buffer.concat(small, smallBytes));
    small = [];
    smallBytes = 0;
  };
  for (const piece of pieces) {
    const isSmall = piece.length < SMALL_BYTES;
    if (!isSmall || smallBytes + piece.length > JOINED_BYTES_MAX) flush();
    if (isSmall) {
      small.push(piece);
      smallBytes += piece.length;
    } else {
      joined.push(piece);
    }
  }
  flush();
  return joined;
}

function written(write: (out: ByteWriter) => void): readonly Buffer[] {
  const out = new ByteWriter(HEAD_BYTES);
  write(out);
  return out.views();
}
