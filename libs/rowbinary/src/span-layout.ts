// What the module of ../wasm and its caller both count by: the module is compiled with this file.

/**
 * The streams that the values of `otel_traces` are written to, in the order of its columns: one for each, two for an
 * array (where each row's elements end, then they), three for a map.
 */
export enum SpanStream {
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
  /** How many there are. */
  count,
}

/** What is told of each span, an Int32 each: offsets into the source, and its header fields. */
export enum SpanFact {
  spanIdAt,
  hasParent,
  startLo,
  startHi,
  durationLo,
  durationHi,
  kind,
  statusCode,
  serviceStart,
  serviceEnd,
  nameStart,
  nameEnd,
  /** Where its own attributes begin, and what follows them. */
  attributesAt,
  attributesEnd,
  /** How many there are. */
  count,
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
