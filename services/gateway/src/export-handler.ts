import type { IncomingMessage } from 'node:http';
import type { OtlpDecoder } from '@spanloom/otlp';
import type { Clock, Logger } from '@spanloom/runtime';
import { type BodyOutcome, discardRest, readBody } from './body';
import type { ByteBudget } from './byte-budget';
import type { KafkaGate } from './kafka-gate';
import type { GatewayMetrics } from './metrics';
import {
  exportResponse,
  type Format,
  formatOf,
  RPC_INVALID_ARGUMENT,
  RPC_NOT_FOUND,
  RPC_RESOURCE_EXHAUSTED,
  RPC_UNAVAILABLE,
  RPC_UNIMPLEMENTED,
  statusBody,
} from './otlp-response';
import type { Packer } from './packer';
import type { TransferFigures } from './transfer-figures';

/** An answer, ready to be written. */
export interface Answer {
  readonly code: number;
  readonly format: Format;
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** What handling an export request needs. */
export interface ExportDeps {
  readonly decoder: OtlpDecoder;
  readonly packer: Pick<Packer, 'add'>;
  readonly transfer: TransferFigures;
  readonly budget: ByteBudget;
  readonly gate: KafkaGate;
  readonly metrics: GatewayMetrics;
  readonly logger: Logger;
  readonly clock: Clock;
  /** True once the process is stopping. */
  readonly isDraining: () => boolean;
}

/** The limits of handling. */
export interface ExportConfig {
  readonly body_bytes_max: number;
  readonly requests_max: number;
  readonly retry_after_s: number;
}

/** Takes a request and gives its answer; null when the client went away before there was one. */
export type ExportHandler = (request: IncomingMessage) => Promise<Answer | null>;

const TRACES_PATH = '/v1/traces';

/**
 * Makes the handler of `POST /v1/traces` (OTLP 1.x, "OTLP/HTTP"): what can be refused by the head
 * of a request is refused before its body is read; spans are answered for after Kafka has them.
 */
export function createExportHandler(config: ExportConfig, deps: ExportDeps): ExportHandler {
  const { budget, decoder, gate, logger, metrics, packer } = deps;
  let inProgress = 0;

  const refuse = (code: number, rpc: number, message: string, format: Format = 'json'): Answer => ({
    code,
    format,
    body: statusBody(format, rpc, message),
    headers: {},
  });

  function retryLater(code: 429 | 503, message: string, format: Format): Answer {
    const rpc = code === 429 ? RPC_RESOURCE_EXHAUSTED : RPC_UNAVAILABLE;
    const headers = { 'retry-after': String(config.retry_after_s) };
    return { ...refuse(code, rpc, message, format), headers };
  }

  /** What the head alone is enough to refuse. */
  function refusalOf(request: IncomingMessage, format: Format | null): Answer | null {
    const path = request.url?.split('?', 1)[0];
    if (path !== TRACES_PATH) return refuse(404, RPC_NOT_FOUND, `only ${TRACES_PATH} is here`);
    if (request.method !== 'POST') {
      return { ...refuse(405, RPC_UNIMPLEMENTED, 'only POST'), headers: { allow: 'POST' } };
    }
    if (format === null) {
      const wanted = 'application/x-protobuf or application/json';
      return refuse(415, RPC_INVALID_ARGUMENT, `the content type must be ${wanted}`);
    }
    const encoding = encodingOf(request);
    if (encoding !== 'gzip' && encoding !== 'identity') {
      return refuse(415, RPC_INVALID_ARGUMENT, 'the content encoding must be gzip', format);
    }
    if (Number(request.headers['content-length'] ?? 0) > config.body_bytes_max) {
      return tooLarge(format);
    }
    if (deps.isDraining()) return retryLater(503, 'the gateway is stopping', format);
    if (inProgress >= config.requests_max) return retryLater(429, 'too many requests', format);
    return gate.admit() ? null : retryLater(503, 'Kafka is not available', format);
  }

  function tooLarge(format: Format): Answer {
    const message = `the body is larger than ${config.body_bytes_max} bytes`;
    return refuse(413, RPC_RESOURCE_EXHAUSTED, message, format);
  }

  function bodyRefusal(outcome: Exclude<BodyOutcome, { kind: 'body' }>, format: Format) {
    switch (outcome.kind) {
      case 'aborted':
        return null;
      case 'too-large':
        return tooLarge(format);
      case 'over-budget':
        return retryLater(429, 'too many bytes in flight', format);
      case 'bad-encoding':
        return refuse(400, RPC_INVALID_ARGUMENT, `invalid gzip: ${outcome.message}`, format);
    }
  }

  /** Decodes, packs, waits for Kafka. No `await` between decoding and packing: the arena is shared. */
  async function store(
    body: Buffer,
    bodyHeld: number,
    format: Format,
    receivedAt_ms: number,
  ): Promise<Answer> {
    const { arena } = decoder;
    budget.giveBack(bodyHeld);
    // Bodies that were read together can unpack to more than they were: each waits for the ones before it.
    if (!budget.tryTake(0)) return retryLater(429, 'too many bytes in flight', format);
    const outcome = decoder[format](body);
    if (outcome.kind === 'malformed') {
      return refuse(400, RPC_INVALID_ARGUMENT, outcome.message, format);
    }
    if (outcome.kind === 'too-large') {
      return refuse(413, RPC_RESOURCE_EXHAUSTED, outcome.message, format);
    }
    metrics.decoded(arena);
    const { spanCount, rejectedCount, firstReject, bytes } = arena;
    // Counters hold whatever becomes of the spans: what is lost on the way is to be seen.
    const transfers = deps.transfer.report(arena.groups);
    budget.take(bytes);
    try {
      if (spanCount > 0) {
        const appendedAt_ms = await packer.add(arena);
        if (appendedAt_ms !== null) deps.transfer.appended(transfers, receivedAt_ms, appendedAt_ms);
      }
    } catch (error) {
      logger.warn({ error, spans: spanCount }, 'Kafka did not acknowledge a request');
      return retryLater(503, 'Kafka did not acknowledge the spans', format);
    } finally {
      budget.giveBack(bytes);
    }
    // A report without spans may be the last word of a process: nothing later makes its loss good.
    if (spanCount === 0 && transfers.length > 0 && !(await deps.transfer.write())) {
      return retryLater(503, 'Kafka did not acknowledge the report', format);
    }
    metrics.accepted(spanCount);
    const response = exportResponse(format, rejectedCount, firstReject);
    return { code: 200, format, body: response, headers: {} };
  }

  async function handle(request: IncomingMessage): Promise<Answer | null> {
    const format = formatOf(request.headers['content-type']);
    const refusal = refusalOf(request, format);
    if (refusal !== null || format === null) {
      discardRest(request, config.body_bytes_max);
      return refusal;
    }
    inProgress++;
    const receivedAt_ms = deps.clock.nowMs();
    try {
      const read = await readBody(request, encodingOf(request) === 'gzip', {
        body_bytes_max: config.body_bytes_max,
        budget,
        onWireBytes: metrics.bodyBytes,
      });
      if (read.kind !== 'body') return bodyRefusal(read, format);
      return await store(read.body, read.held, format, receivedAt_ms);
    } finally {
      inProgress--;
    }
  }

  return async (request) => {
    const start_ms = deps.clock.monotonicMs();
    const answer = await handle(request);
    if (answer !== null) {
      metrics.request(answer.code, answer.format, (deps.clock.monotonicMs() - start_ms) / 1000);
    }
    return answer;
  };
}

function encodingOf(request: IncomingMessage): string {
  return request.headers['content-encoding']?.trim().toLowerCase() || 'identity';
}
