import { Agent, request } from 'node:http';
import type { Span } from '@spanloom/model';
import { encodeOtlpRequest } from '@spanloom/otlp';
import { SpanloomError } from '@spanloom/runtime';
import type { SpanShape } from '../spans/shape';
import { createSpanSource } from '../spans/span-source';
import type { LoadReport } from './request';

/** What OpenTelemetry SDKs send at a time by default. */
export const SPANS_PER_REQUEST = 512;
const REQUESTS_UNDER_WAY = 8;
const START_UNIX_NANO = 1_760_000_000_000_000_000n;

/** The spans of a shape as ExportTraceServiceRequests in protobuf. */
export function* otlpBodies(shape: SpanShape, spansPerBody: number): Generator<Buffer> {
  const source = createSpanSource(shape);
  let spans: Span[] = [];
  for (let i = 0; ; i++) {
    const span = source.next(START_UNIX_NANO + BigInt(i) * 20_000n);
    if (span !== null) spans.push(span);
    if (spans.length > 0 && (span === null || spans.length === spansPerBody)) {
      yield encodeOtlpRequest(spans);
      spans = [];
    }
    if (span === null) return;
  }
}

function post(url: string, body: Buffer, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/x-protobuf', 'content-length': body.length };
    const sent = request(url, { method: 'POST', agent, headers }, (answer) => {
      answer.resume();
      answer.once('end', () => {
        if (answer.statusCode === 200) resolve();
        else reject(new SpanloomError('internal', `the gateway answered ${answer.statusCode}`));
      });
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

/** Sends the spans to the gateway as fast as it takes them; each request waits for its answer. */
export async function loadGateway(
  shape: SpanShape,
  url: string,
): Promise<Omit<LoadReport, 'cpu_us'>> {
  const bodies = [...otlpBodies(shape, SPANS_PER_REQUEST)];
  const agent = new Agent({ keepAlive: true, maxSockets: REQUESTS_UNDER_WAY });
  const started_unix_ms = Date.now();
  let next = 0;
  let bytes = 0;
  const sendRest = async (): Promise<void> => {
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
      bytes += body.length;
      await post(url, body, agent);
    }
  };
  await Promise.all(Array.from({ length: REQUESTS_UNDER_WAY }, sendRest));
  agent.destroy();
  const elapsed_ms = Date.now() - started_unix_ms;
  const traces = Math.ceil(shape.spans / shape.trace_spans);
  const messages = bodies.length;
  return { spans: shape.spans, traces, messages, bytes, elapsed_ms, started_unix_ms, behind_ms: 0 };
}
