import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { decodeSpan } from '@spanloom/avro';
import type { Span } from '@spanloom/model';
import { createOtlpDecoder, DEFAULT_OTLP_LIMITS } from '@spanloom/otlp';
import type { LoadRequest } from './load';

/** The spans of an OTLP/JSON request, as they will be stored. */
function spansOf(body: Buffer): Span[] {
  const decoder = createOtlpDecoder(DEFAULT_OTLP_LIMITS);
  if (decoder.json(body).kind !== 'decoded') return [];
  const spans: Span[] = [];
  decoder.arena.forEachSpan((buffer, start, end) => spans.push(decodeSpan(buffer, start, end)));
  return spans;
}

/**
 * Requests of a recording (OTLP/JSON lines, gzipped), at an even pace, from its beginning; it ends
 * with the recording.
 */
export async function* recordedRequests(
  file: string,
  spansPerSecond: number,
): AsyncGenerator<LoadRequest> {
  const lines = createInterface({ input: createReadStream(file).pipe(createGunzip()) });
  let sent = 0;
  for await (const line of lines) {
    const body = Buffer.from(line);
    const spans = spansOf(body);
    if (spans.length === 0) continue;
    yield {
      body,
      contentType: 'application/json',
      spans,
      sendAt_ms: (sent / spansPerSecond) * 1000,
    };
    sent += spans.length;
  }
}
