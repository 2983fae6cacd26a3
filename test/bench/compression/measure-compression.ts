import { type Compression, readWireBatch, writeWireBatch } from '@spanloom/kafka';
import { SpanloomError } from '@spanloom/runtime';
import { measure } from '../micro/measure';
import type { Messages } from './data-sets';

export const COMPRESSIONS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

/** What a compression costs and gives. */
export interface CompressionResult {
  readonly compression: Compression;
  /** Size of the record batches, heads included. */
  readonly bytes_per_span: number;
  /** CPU to encode record batches (compression and checksum), and to decode them again, µs per span. */
  readonly write_us: number;
  readonly read_us: number;
}

const CREATED_AT_MS = 1_760_000_000_000;

/** The compressions that this Node can do. */
export async function compressionsHere(): Promise<readonly Compression[]> {
  const record = { partition: 0, value: Buffer.from('tried') };
  const here: Compression[] = [];
  for (const compression of COMPRESSIONS) {
    try {
      await writeWireBatch([record], compression, CREATED_AT_MS);
      here.push(compression);
    } catch (error) {
      if (!(error instanceof SpanloomError && error.code === 'config-invalid')) throw error;
    }
  }
  return here;
}

async function encodeAll({ records }: Messages, compression: Compression): Promise<Buffer[]> {
  const batches: Buffer[] = [];
  for (const record of records) {
    const { pieces } = await writeWireBatch([record], compression, CREATED_AT_MS);
    batches.push(Buffer.concat(pieces));
  }
  return batches;
}

/** What comes back must be what was written. */
async function check({ records }: Messages, batches: readonly Buffer[]): Promise<void> {
  for (let i = 0; i < records.length; i++) {
    const { records: read } = await readWireBatch(batches[i] as Buffer);
    const same = read.length === 1 && read[0]?.value?.equals(records[i]?.value as Buffer);
    if (!same) throw new SpanloomError('internal', `message ${i} does not come back as it was`);
  }
}

/** Measures one compression: each message is a record batch, as one partition's part of a flush is. */
export async function measureCompression(
  messages: Messages,
  compression: Compression,
  rounds: number,
): Promise<CompressionResult> {
  const { records, spans } = messages;
  const batches = await encodeAll(messages, compression);
  await check(messages, batches);
  const write = await measure('write', spans, rounds, async () => {
    for (const record of records) await writeWireBatch([record], compression, CREATED_AT_MS);
  });
  const read = await measure('read', spans, rounds, async () => {
    for (const batch of batches) await readWireBatch(batch);
  });
  const bytes = batches.reduce((sum, { length }) => sum + length, 0);
  return {
    compression,
    bytes_per_span: bytes / spans,
    write_us: write.median_us,
    read_us: read.median_us,
  };
}
