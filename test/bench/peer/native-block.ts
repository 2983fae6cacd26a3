/** A column of text in a block. */
export interface TextColumn {
  readonly name: string;
  /** `String`, or `UInt32` for values that are numbers. */
  readonly type: 'String' | 'UInt32';
  readonly values: readonly (string | number)[];
}

function uvarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}

function text(value: string): Buffer {
  return Buffer.concat([uvarint(Buffer.byteLength(value)), Buffer.from(value)]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** Field 1: no overflow; field 2: no bucket; end of fields. */
const BLOCK_INFO = Buffer.from([1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0]);
/** The column is serialized in the default way. */
const DEFAULT_SERIALIZATION = Buffer.from([0]);

/**
 * A block in ClickHouse's Native format as clients of protocol revision 54460 read it: block info first, and a byte
 * about custom serialization for each column. Source: ClickHouse, "Native protocol", block.
 */
export function nativeBlock(columns: readonly TextColumn[]): Buffer {
  const rows = columns[0]?.values.length ?? 0;
  return Buffer.concat([
    BLOCK_INFO,
    uvarint(columns.length),
    uvarint(rows),
    ...columns.flatMap(({ name, type, values }) => [
      text(name),
      text(type),
      DEFAULT_SERIALIZATION,
      ...values.map((value) => (type === 'String' ? text(String(value)) : number(Number(value)))),
    ]),
  ]);
}

/** Rows of the block that starts here, with block info before it or, as in inserts over HTTP, without. */
export function rowsOfBlock(start: Buffer): number {
  // Without it the first byte is the number of columns, and the exporter's table has more than one.
  let at = start[0] === BLOCK_INFO[0] ? BLOCK_INFO.length : 0;
  const read = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = start[at++] ?? 0;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  read();
  return read();
}
