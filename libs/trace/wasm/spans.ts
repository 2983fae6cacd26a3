// The spans of one trace as columns: what the analysis reads. The same as ../src/trace-spans.ts, and as there times are
// in ns after the first span's start: exact while a trace spans less than 2^53 ns, rounded beyond.
import { f64At, i32At, setF64, setI32, setU64, setU8, u64At, u8At } from './columns';

/** OTLP numbers of the kinds that take part in calls. */
export const KIND_SERVER = 2;
export const KIND_CLIENT = 3;
export const KIND_PRODUCER = 4;
export const KIND_CONSUMER = 5;
/** OTLP number of the status that says that a span failed. */
export const STATUS_ERROR = 2;

const NANOS_PER_S: i64 = 1_000_000_000;

export let count: i32 = 0;

let ids: usize = 0;
let parents: usize = 0;
let starts: usize = 0;
let durations: usize = 0;
let services: usize = 0;
let kinds: usize = 0;
let statuses: usize = 0;
let base: i64 = 0;

/** Lays the columns out from `at` on, empty, with room for `capacity` spans; gives the place after them. */
export function lay(at: usize, capacity: usize): usize {
  count = 0;
  ids = at;
  parents = ids + capacity * 8;
  starts = parents + capacity * 8;
  durations = starts + capacity * 8;
  services = durations + capacity * 8;
  kinds = services + capacity * 4;
  statuses = kinds + capacity;
  return (statuses + capacity + 7) & ~7;
}

/**
 * Adds a span.
 * @param startNano since 1970, not negative; nor is `durationNano`
 * @param service equal numbers mean the same service
 */
export function add(
  idOf: u64,
  parentOf: u64,
  startNano: i64,
  durationNano: i64,
  kindOf: i32,
  statusOf: i32,
  serviceOf: i32,
): void {
  const i = count++;
  if (i == 0) base = startNano;
  setU64(ids, i, idOf);
  setU64(parents, i, parentOf);
  setF64(starts, i, <f64>(startNano - base));
  setF64(durations, i, <f64>durationNano);
  setI32(services, i, serviceOf);
  setU8(kinds, i, kindOf);
  setU8(statuses, i, statusOf);
}

@inline
export function id(i: i32): u64 {
  return u64At(ids, i);
}

/** 0 where a span has no parent. */
@inline
export function parentId(i: i32): u64 {
  return u64At(parents, i);
}

@inline
export function start(i: i32): f64 {
  return f64At(starts, i);
}

@inline
export function duration(i: i32): f64 {
  return f64At(durations, i);
}

@inline
export function service(i: i32): i32 {
  return i32At(services, i);
}

@inline
export function kind(i: i32): i32 {
  return u8At(kinds, i);
}

@inline
export function hasFailed(i: i32): bool {
  return u8At(statuses, i) == STATUS_ERROR;
}

/** Whether a span calls something outside its process. */
@inline
export function isExit(i: i32): bool {
  const it = kind(i);
  return it == KIND_CLIENT || it == KIND_PRODUCER;
}

/** Whether a span is how a call enters a process. */
@inline
export function isEntry(i: i32): bool {
  const it = kind(i);
  return it == KIND_SERVER || it == KIND_CONSUMER;
}

/** The whole second, since 1970, of a relative time: the same whichever span came first. */
export function unixSecond(time: f64): f64 {
  const rest = <f64>(base % NANOS_PER_S);
  return Math.max(0, <f64>(base / NANOS_PER_S) + Math.floor((rest + time) / <f64>NANOS_PER_S));
}
