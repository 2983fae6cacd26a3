// What the module of ../wasm and its caller both count by: the module is compiled with this file.

/**
 * The streams that values are written to: of each column one, two for an array (where each row's elements end, then
 * they), three for a map. First those of `otel_traces`, then those of `trace_fragments`.
 */
export enum Stream {
  traceId,
  spanId,
  parentSpanId,
  start,
  duration,
  kind,
  status,
  service,
  name,
  traceState,
  flags,
  statusMessage,
  scopeName,
  scopeVersion,
  resourceEnds,
  resourceKeys,
  resourceValues,
  attributeEnds,
  attributeKeys,
  attributeValues,
  eventEnds,
  eventTimes,
  eventNames,
  eventAttributeEnds,
  eventAttributeKeys,
  eventAttributeValues,
  linkEnds,
  linkTraceIds,
  linkSpanIds,
  linkStates,
  linkAttributeEnds,
  linkAttributeKeys,
  linkAttributeValues,
  partition,
  seq,
  storedAt,
  fragmentTraceId,
  fragmentPartition,
  fragmentSeq,
  reason,
  late,
  openedAt,
  closedAt,
  spanCount,
  duplicateCount,
  deadLetteredCount,
  fragmentStart,
  fragmentEnd,
  errorCount,
  hasRoot,
  rootSpanId,
  rootService,
  rootName,
  rootStart,
  rootDuration,
  serviceEnds,
  services,
  serviceSpanEnds,
  serviceSpans,
  serviceErrorEnds,
  serviceErrors,
  depth,
  rootCount,
  orphanCount,
  missingParentCount,
  connectedCount,
  errorOriginSpanId,
  errorOriginService,
  errorOriginName,
  pathServiceEnds,
  pathServices,
  pathNameEnds,
  pathNames,
  pathNanoEnds,
  pathNano,
  skewSpanIdEnds,
  skewSpanIds,
  skewCallerEnds,
  skewCallers,
  skewCalleeEnds,
  skewCallees,
  skewNanoEnds,
  skewNano,
  /** No column: the calls, for the module that gathers them. See wasm/call-records.ts. */
  calls,
  /** How many there are. */
  count,
}

/** Texts that the caller leaves in the module's memory: the kinds of spans, the codes of their status, then these. */
export enum Name {
  kinds,
  statuses = 6,
  otherServices = 9,
  peerAttributes,
  count = 15,
}

/** Why a span could not be turned into a row. */
export enum SpanFault {
  none,
  start,
  duration,
  kind,
  status,
  malformed,
}

/** Where the fields of a call's record are, in bytes; a record is as long as a multiple of 8. */
export enum CALL {
  /** UInt32: start of the minute, s since 1970. */
  paneS = 0,
  /** UInt8: index in CONNECTION_TYPES, or one more: unpaired. */
  type = 4,
  /** UInt8. */
  failed = 5,
  /** Int16: 1, or -1 to take the call out again. */
  weight = 6,
  /** Float64: durations as the two sides saw them; -1 without a span. */
  clientNano = 8,
  serverNano = 16,
  /** UInt32: bytes of the two names. */
  clientBytes = 24,
  serverBytes = 28,
  /** The two names. */
  texts = 32,
}

/** The streams of what is gathered of an edge of the service graph in a minute; three for each map. */
export enum EdgeStream {
  paneStart,
  client,
  server,
  type,
  calls,
  failed,
  clientNano,
  serverNano,
  clientEnds,
  clientKeys,
  clientValues,
  serverEnds,
  serverKeys,
  serverValues,
  /** How many there are. */
  count,
}
