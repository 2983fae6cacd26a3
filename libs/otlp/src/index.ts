export { countJsonSpans } from './count';
export { createOtlpDecoder, type OtlpDecoder } from './decoder';
export { encodeOtlpJson } from './encode-json';
export { encodeOtlpRequest } from './encode-protobuf';
export type { ResourceGroup } from './group';
export * from './limits';
export { type OtlpOutcome, REJECT_REASONS, type RejectReason } from './outcome';
export { SpanArena, type SpanSink } from './span-arena';
