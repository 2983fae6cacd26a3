import { decodeJson } from './json-decoder';
import type { OtlpLimits } from './limits';
import type { OtlpOutcome } from './outcome';
import { ProtoDecoder } from './proto-decoder';
import { SpanArena } from './span-arena';

/**
 * Turns OTLP requests into Avro span bytes. One decoder serves one request at a time: each call
 * resets `arena` and fills it; read it before the next call. No call throws for what a body holds.
 */
export interface OtlpDecoder {
  readonly arena: SpanArena;
  protobuf(body: Buffer): OtlpOutcome;
  json(body: Buffer): OtlpOutcome;
}

/** Makes a decoder with these limits. */
export function createOtlpDecoder(limits: OtlpLimits): OtlpDecoder {
  const arena = new SpanArena(limits);
  const protobuf = new ProtoDecoder(arena);
  return {
    arena,
    protobuf: (body) => protobuf.decode(body),
    json: (body) => decodeJson(arena, body),
  };
}
