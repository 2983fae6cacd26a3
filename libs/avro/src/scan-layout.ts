// What the module of ../wasm and its caller both count by: the module is compiled with this file.

/** Largest span accepted, in Avro bytes. */
export const SPAN_BYTES_MAX = 512 * 1024;
/** Most attributes in one map, events or links in one span. */
export const SPAN_ITEMS_MAX = 20_000;

/** What was found: a good span, or why a span, or the rest of a message, was refused. */
export enum ScanVerdict {
  good,
  traceId,
  spanId,
  start,
  duration,
  kind,
  status,
  serviceEmpty,
  tooLarge,
  // Of these no more is told than the verdict, where it begins and where it ends.
  /** A span that cannot be read, in a block with a size: what is left of the block was skipped. */
  malformed,
  /** What is left of the message cannot be read. */
  corrupt,
}

/** What is told of each span, an Int32 each: offsets into the source, header fields, and hashes if wanted. */
export enum ScanFact {
  verdict,
  spanStart,
  spanEnd,
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
  traceStateStart,
  traceStateEnd,
  identityHash,
  identityRest,
  seriesHash,
  /** How many there are. */
  count,
}

/** How many, the first ones, are told of what cannot be read. */
export const UNREADABLE_FACTS = 3;
