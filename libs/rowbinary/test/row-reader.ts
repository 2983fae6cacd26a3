/** Reads RowBinary back, plainly: what the writers are checked with. */
export class RowReader {
  at = 0;

  constructor(private readonly bytes: Buffer) {}

  get done(): boolean {
    return this.at === this.bytes.length;
  }

  private take(count: number): number {
    if (count > this.bytes.length - this.at) throw new RangeError('row ends early');
    this.at += count;
    return this.at - count;
  }

  uint8 = (): number => this.bytes.readUInt8(this.take(1));
  uint16 = (): number => this.bytes.readUInt16LE(this.take(2));
  int16 = (): number => this.bytes.readInt16LE(this.take(2));
  uint32 = (): number => this.bytes.readUInt32LE(this.take(4));
  int32 = (): number => this.bytes.readInt32LE(this.take(4));
  uint64 = (): bigint => this.bytes.readBigUInt64LE(this.take(8));
  int64 = (): bigint => this.bytes.readBigInt64LE(this.take(8));
  float64 = (): number => this.bytes.readDoubleLE(this.take(8));

  varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.uint8();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };

  raw = (): Buffer => {
    const length = this.varint();
    const start = this.take(length);
    return this.bytes.subarray(start, start + length);
  };

  text = (): string => this.raw().toString('utf8');

  array = <T>(item: () => T): T[] => Array.from({ length: this.varint() }, item);

  map = <K, V>(key: () => K, value: () => V): [K, V][] =>
    this.array((): [K, V] => {
      const k = key();
      return [k, value()];
    });
}
