import type { Writable } from 'node:stream';
import { Command } from 'ioredis';

/** Arguments from this size on are written by themselves; a smaller one costs less to copy. */
const OWN_PIECE_BYTES = 64 * 1024;
const LINE_END = Buffer.from('\r\n');

/**
 * A command whose large arguments go to the socket as they lie, so they must stay as they are until the answer has come.
 * ioredis joins all of a command into one new buffer first: for a checkpoint that is as much memory again as its
 * windows, and the system clears each page of it. Not for pipelines, which join commands themselves.
 */
export class PieceCommand extends Command {
  /** Writes all but the end of the command (RESP: an array of bulk strings) to the socket, and gives the end. */
  override toWritable(socket: object): Buffer {
    const to = socket as Writable;
    let small: Buffer[] = [Buffer.from(`*${this.args.length + 1}\r\n`)];
    for (const part of [this.name, ...this.args]) {
      // All are strings or buffers by now: ioredis has turned the others into strings.
      const bytes = Buffer.isBuffer(part) ? part : Buffer.from(String(part));
      small.push(Buffer.from(`$${bytes.length}\r\n`));
      if (bytes.length < OWN_PIECE_BYTES) {
        small.push(bytes, LINE_END);
      } else {
        to.write(Buffer.concat(small));
        to.write(bytes);
        small = [LINE_END];
      }
    }
    return Buffer.concat(small);
  }
}
