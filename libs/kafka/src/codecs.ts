import './native-memory';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { unpackFrame } from '@spanloom/lz4';
import { SpanloomError } from '@spanloom/runtime';
import { CompressionCodecs, CompressionTypes } from 'kafkajs';
import { compressFrameSync } from 'lz4-napi';
import type { Compression } from './api';
import { snappyCompress, snappyDecompress } from './snappy-framing';
import { UnpackedBatches } from './unpacked-batches';

/** One way to compress the records of a batch. */
export interface Codec {
  compress(records: Buffer): Promise<Buffer>;
  /** @param into where what it gives may be put */
  decompress(records: Buffer, into: UnpackedBatches): Promise<Buffer>;
}

/** Bound on what a compressed batch may unpack to: a broken or hostile one must not take the process with it. */
const UNPACKED_BYTES_MAX = 256 * 1024 * 1024;

type ZstdFunction = (data: Buffer, options?: object) => Promise<Buffer>;

function zstdFunction(name: 'zstdCompress' | 'zstdDecompress'): ZstdFunction | undefined {
  const found: unknown = Reflect.get(zlib, name);
  return typeof found === 'function' ? (promisify(found) as unknown as ZstdFunction) : undefined;
}

const zstdCompress = zstdFunction('zstdCompress');
const zstdDecompress = zstdFunction('zstdDecompress');

function zstdMissing(): never {
  throw new SpanloomError(
    'config-invalid',
    `zstd needs Node 22.15 or newer, this is ${process.version}: choose another compression, or a newer Node`,
  );
}

const gunzip = promisify(zlib.gunzip);
const gzip = promisify(zlib.gzip);

/** By their number on the wire: 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
const CODECS: Readonly<Record<number, Codec>> = {
  [CompressionTypes.GZIP]: {
    compress: (records) => gzip(records),
    decompress: (records) => gunzip(records, { maxOutputLength: UNPACKED_BYTES_MAX }),
  },
  [CompressionTypes.Snappy]: { compress: snappyCompress, decompress: snappyDecompress },
  [CompressionTypes.LZ4]: {
    compress: async (records) => compressFrameSync(records),
    // A batch takes less time than handing it to another thread.
    decompress: async (records, into) => lz4Decompress(records, into),
  },
  [CompressionTypes.ZSTD]: {
    compress: async (records) => (zstdCompress ?? zstdMissing())(records),
    decompress: async (records) =>
      (zstdDecompress ?? zstdMissing())(records, { maxOutputLength: UNPACKED_BYTES_MAX }),
  },
};

function lz4Decompress(records: Buffer, into: UnpackedBatches): Buffer {
  let content: Uint8Array;
  try {
    content = unpackFrame(records, UNPACKED_BYTES_MAX);
  } catch (error) {
    const why = (error as Error).message;
    throw new SpanloomError('state-corrupt', `a fetched record batch is broken: ${why}`);
  }
  return into.place(content);
}

const TYPES: Readonly<Record<Compression, CompressionTypes>> = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
};

/** The codec of a record batch: bits 0–2 of its attributes; undefined when it is not compressed. */
export function codecOf(attributes: number): Codec | undefined {
  const type = attributes & 0x07;
  if (type === CompressionTypes.None) return undefined;
  const codec = CODECS[type];
  if (codec === undefined) {
    throw new SpanloomError('state-corrupt', `a record batch names an unknown codec (${type})`);
  }
  return codec;
}

/** The wire number of a compression. 'config-invalid' when this Node can't do it. */
export function compressionType(compression: Compression): CompressionTypes {
  if (compression === 'zstd' && zstdCompress === undefined) zstdMissing();
  return TYPES[compression];
}

/** Makes the codecs known to kafkajs' producer. Can be called again. */
export function registerCodecs(): void {
  for (const type of [2, 3, 4] as const) {
    const codec = CODECS[type] as Codec;
    CompressionCodecs[type] = () => ({
      compress: (encoder: { readonly buffer: Buffer }) => codec.compress(encoder.buffer),
      decompress: (records: Buffer) => codec.decompress(records, new UnpackedBatches()),
    });
  }
}
