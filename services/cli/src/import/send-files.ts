import { basename } from 'node:path';
import type { Clock } from '@spanloom/runtime';
import { readOtlpLine } from './otlp-line';
import { createPace, type Speed } from './pace';
import { fileSize, readLines } from './read-lines';
import { createSender } from './sender';
import { createSentSpans, type SentSpans } from './sent-spans';

/** How far sending has come. */
export interface SendProgress {
  readonly bytes: number;
  readonly bytes_total: number;
  readonly spans: number;
}

/** What sending needs. */
export interface SendFilesOptions {
  readonly files: readonly string[];
  readonly url: string;
  readonly speed: Speed;
  readonly clock: Clock;
  readonly onProgress: (progress: SendProgress) => void;
  readonly onNote: (note: string) => void;
}

/** What was sent. */
export interface SendResult {
  readonly sent: SentSpans;
  /** Spans in the files, whatever became of them. */
  readonly spans_read: number;
  /** Spans that the gateway rejected singly. */
  readonly rejected: number;
  /** Spans in lines that it refused whole. */
  readonly refused: number;
  /** Lines that are no OTLP/JSON requests. */
  readonly malformed_lines: number;
}

/**
 * Sends recordings, one after the other.
 * @throws SpanloomError('usage') for a file that cannot be read, 'engine-unavailable' when the gateway stays away
 */
export async function sendFiles(options: SendFilesOptions): Promise<SendResult> {
  const { files, speed, clock, onProgress, onNote } = options;
  const sizes = await Promise.all(files.map(fileSize));
  const bytes_total = sizes.reduce((sum, size) => sum + size, 0);
  const sent = createSentSpans();
  const sender = createSender({ ...options, sent });
  let bytesBefore = 0;
  let spans_read = 0;
  let malformed_lines = 0;

  for (const [index, file] of files.entries()) {
    const pace = createPace(speed);
    let bytes = 0;
    const lines = readLines(file, (read) => {
      bytes = read;
    });
    for await (const { number, text } of lines) {
      const line = readOtlpLine(text);
      const place = `${basename(file)}:${number}`;
      if (line === null) {
        malformed_lines++;
        onNote(`${place}: not an OTLP/JSON trace request`);
        continue;
      }
      if (line.spans.length === 0) continue;
      spans_read += line.spans.length;
      const wait_ms = pace(line.end_unix_ms, clock.monotonicMs());
      if (wait_ms >= 1) {
        await sender.flush();
        await clock.sleep(wait_ms);
      }
      await sender.send({ place, line });
      onProgress({ bytes: bytesBefore + bytes, bytes_total, spans: sender.acknowledged });
    }
    bytesBefore += sizes[index] as number;
  }
  await sender.finish();
  onProgress({ bytes: bytes_total, bytes_total, spans: sender.acknowledged });
  const { rejected, refused } = sender;
  return { sent, spans_read, rejected, refused, malformed_lines };
}
