import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@spanloom/runtime';
import { requireGateway } from '../../src/import/post';
import { sendFiles } from '../../src/import/send-files';

const dir = mkdtempSync(join(tmpdir(), 'spanloom-send-'));
afterAll(() => rmSync(dir, { recursive: true }));

interface Answer {
  readonly status: number;
  readonly body?: object;
  readonly retryAfter?: string;
}

/** An HTTP receiver that answers as it is told; gives the names of the spans it took. */
async function receiver(answer: (names: string[], request: number) => Answer) {
  const taken: string[] = [];
  let requests = 0;
  const server: Server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const names = [...text.matchAll(/"name":"([^"]*)"/g)].map((match) => match[1] as string);
    const { status, body = {}, retryAfter } = answer(names, requests++);
    if (status === 200) taken.push(...names);
    response.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url, taken, close };
}

const lineOf = (i: number, end_ms = 1): string =>
  JSON.stringify({
    resourceSpans: [
      {
        scopeSpans: [
          {
            spans: [
              {
                traceId: 'a'.repeat(32),
                spanId: (i + 1).toString(16).padStart(16, '0'),
                name: `s${i}`,
                startTimeUnixNano: '0',
                endTimeUnixNano: String(end_ms * 1_000_000),
              },
            ],
          },
        ],
      },
    ],
  });

async function send(lines: readonly string[], url: string, speed: 'max' | number = 'max') {
  const file = join(dir, 'lines');
  writeFileSync(file, lines.join('\n'));
  const notes: string[] = [];
  const result = await sendFiles({
    files: [file],
    url,
    speed,
    clock: systemClock,
    onProgress: () => undefined,
    onNote: (note) => notes.push(note),
  });
  return { result, notes };
}

test('sends every line once, also those that were asked to wait', async () => {
  const to = await receiver((_, request) =>
    request % 2 === 0
      ? { status: request % 4 === 0 ? 429 : 503, retryAfter: '0' }
      : { status: 200 },
  );
  const names = Array.from({ length: 1000 }, (_, i) => `s${i}`);
  const { result } = await send(
    names.map((_, i) => lineOf(i)),
    to.url,
  );
  await to.close();
  expect(new Set(to.taken)).toEqual(new Set(names));
  expect(to.taken).toHaveLength(1000);
  expect(result).toMatchObject({ spans_read: 1000, rejected: 0, refused: 0, malformed_lines: 0 });
  expect(result.sent).toMatchObject({ accepted: 1000, distinct: 1000 });
});

test('a refused line costs only itself, and lines that are none are counted', async () => {
  const to = await receiver((names) =>
    names.includes('s3') ? { status: 400, body: { message: 'no' } } : { status: 200 },
  );
  const lines = [...Array.from({ length: 9 }, (_, i) => lineOf(i)), '{"resourceSpans":'];
  const { result, notes } = await send(lines, to.url);
  await to.close();
  expect(to.taken).toHaveLength(8);
  expect(result).toMatchObject({ spans_read: 9, refused: 1, malformed_lines: 1 });
  expect(result.sent.distinct).toBe(8);
  expect(notes.join('\n')).toMatch(/lines:4: refused by the gateway: 400/);
  expect(notes.join('\n')).toMatch(/lines:10: not an OTLP\/JSON trace request/);
});

test('counts what was rejected singly', async () => {
  const partialSuccess = { rejectedSpans: '1', errorMessage: 'too large' };
  const to = await receiver(() => ({ status: 200, body: { partialSuccess } }));
  const { result, notes } = await send([lineOf(0), lineOf(1)], to.url);
  await to.close();
  expect(result.rejected).toBe(1);
  expect(notes).toEqual(['lines:1 to lines:2: 1 spans rejected: too large']);
});

test('replays at the pace that was asked for', async () => {
  const to = await receiver(() => ({ status: 200 }));
  const began_ms = systemClock.monotonicMs();
  await send([lineOf(0, 1000), lineOf(1, 3000), lineOf(2, 7000)], to.url, 20);
  await to.close();
  const took_ms = systemClock.monotonicMs() - began_ms;
  expect(took_ms).toBeGreaterThan(290);
  expect(to.taken).toEqual(['s0', 's1', 's2']);
});

test('says how to start a gateway where there is none', async () => {
  const to = await receiver(() => ({ status: 200 }));
  await requireGateway(to.url);
  await to.close();
  await expect(requireGateway(to.url)).rejects.toMatchObject({
    code: 'engine-unavailable',
    message: expect.stringContaining('spanloom up'),
  });
});
