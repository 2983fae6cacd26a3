import { RowReader } from './row-reader';

/** A column as it was read. */
export interface ReadColumn {
  readonly name: string;
  readonly values: readonly unknown[];
}

/** Reads one block in ClickHouse's Native format, plainly: what the writers are checked with. RangeError when it is cut off. */
export function readNative(bytes: Buffer): readonly ReadColumn[] {
  const reader = new RowReader(bytes);
  const columns = reader.varint();
  const rows = reader.varint();
  const read = Array.from({ length: columns }, () => {
    const name = reader.text();
    return { name, values: valuesOf(reader, reader.text(), rows) };
  });
  if (!reader.done) throw new RangeError(`${bytes.length - reader.at} bytes after the block`);
  return read;
}

function valuesOf(reader: RowReader, type: string, count: number): unknown[] {
  const array = /^Array\((.*)\)$/.exec(type);
  if (array !== null)
    return divided(reader, count, (all) => valuesOf(reader, array[1] as string, all));
  const map = /^Map\((\w+), (\w+)\)$/.exec(type);
  if (map !== null) {
    return divided(reader, count, (all) => {
      const keys = valuesOf(reader, map[1] as string, all);
      const values = valuesOf(reader, map[2] as string, all);
      return keys.map((key, i) => [key, values[i]]);
    });
  }
  const one = SIMPLE[type];
  if (one === undefined) throw new RangeError(`unknown type ${type}`);
  return Array.from({ length: count }, () => one(reader));
}

const SIMPLE: Readonly<Record<string, (reader: RowReader) => unknown>> = {
  String: (reader) => reader.text(),
  Bool: (reader) => reader.uint8(),
  Int8: (reader) => reader.uint8(),
  Int16: (reader) => reader.int16(),
  Int64: (reader) => reader.int64(),
  Float64: (reader) => reader.float64(),
  UInt16: (reader) => reader.uint16(),
  UInt32: (reader) => reader.uint32(),
  UInt64: (reader) => reader.uint64(),
  DateTime: (reader) => reader.uint32(),
  'DateTime64(9)': (reader) => reader.int64(),
};

/** Where each row ends, then all elements. */
function divided(
  reader: RowReader,
  rows: number,
  elements: (count: number) => unknown[],
): unknown[] {
  const ends = Array.from({ length: rows }, () => Number(reader.uint64()));
  const all = elements(ends.at(-1) ?? 0);
  return ends.map((end, i) => all.slice(ends[i - 1] ?? 0, end));
}
