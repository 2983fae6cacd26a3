import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { pipeline, Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { SpanloomError } from '@spanloom/runtime';

/** A longer line is no request that a gateway takes. */
const LINE_BYTES_MAX = 256 * 1_048_576;
const NEWLINE = 10;

/** Size of a file in bytes. SpanloomError('usage') when it is no file that can be read. */
export async function fileSize(path: string): Promise<number> {
  try {
    const found = await stat(path);
    if (found.isFile()) return found.size;
  } catch (error) {
    throw unreadable(path, (error as Error).message);
  }
  throw unreadable(path, 'it is not a file');
}

/**
 * The lines of a text file, without those that are blank; gzip (also several members) is told by its
 * first bytes, not by its name.
 * @param onBytes called with the bytes read from disk so far
 * @throws SpanloomError('usage') when the file cannot be read, or its gzip is broken or cut short
 */
export async function* readLines(
  path: string,
  onBytes: (bytes: number) => void,
): AsyncGenerator<{ readonly number: number; readonly text: string }> {
  let number = 0;
  try {
    for await (const line of splitLines(openText(path, await isGzip(path), onBytes))) {
      number++;
      const text = line.toString('utf8').trim();
      if (text !== '') yield { number, text };
    }
  } catch (error) {
    if (error instanceof SpanloomError) throw error;
    throw unreadable(path, `${(error as Error).message}, after ${number} lines`);
  }
}

/** Cuts chunks into lines; the last one may lack its end. */
export async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      const last = chunk.subarray(from, at);
      yield pieces.length === 0 ? last : Buffer.concat([...pieces, last]);
      pieces = [];
      length = 0;
      from = at + 1;
    }
    if (from < chunk.length) pieces.push(chunk.subarray(from));
    length += chunk.length - from;
    if (length > LINE_BYTES_MAX) {
      throw new SpanloomError('usage', `a line is longer than ${LINE_BYTES_MAX} bytes`);
    }
  }
  if (pieces.length > 0) yield Buffer.concat(pieces);
}

function unreadable(path: string, why: string): SpanloomError {
  return new SpanloomError('usage', `cannot read ${path}: ${why}`);
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}

function openText(
  path: string,
  gzip: boolean,
  onBytes: (bytes: number) => void,
): AsyncIterable<Buffer> {
  let bytes = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      onBytes(bytes);
      done(null, chunk);
    },
  });
  // The error reaches whoever reads the last stream.
  const ignore = (): void => undefined;
  return gzip
    ? pipeline(createReadStream(path), counted, createGunzip(), ignore)
    : pipeline(createReadStream(path), counted, ignore);
}
