import { SPAN_KIND_NAMES, type Span, STATUS_CODE_NAMES } from '@spanloom/model';

/** What a span is to be counted as. */
export interface KnownSpan {
  readonly span: Span;
  /** How many spans it stands for. */
  readonly weight: number;
}

/** A call between two nodes, as the trace shows it. */
export interface KnownCall {
  readonly client: string;
  readonly server: string;
  readonly type: string;
  readonly failed: boolean;
  readonly clientNano: number;
  /** Null: the callee sends no spans. */
  readonly serverNano: number | null;
}

/** Traces whose every number is known. */
export interface KnownLoad {
  readonly traces: readonly (readonly Span[])[];
  readonly spans: readonly KnownSpan[];
  readonly calls: readonly KnownCall[];
}

/** A small seeded generator (xorshift32, Marsaglia 2003): numbers in (0, 1). */
function seeded(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 0) + 0.5) / 4294967296;
  };
}

const hex = (n: number, digits: number): string => n.toString(16).padStart(digits, '0');

const BARE = {
  traceState: '',
  flags: 0,
  statusMessage: '',
  scopeName: '',
  scopeVersion: '',
  resourceAttributes: {},
  attributes: {},
  events: [],
  links: [],
} as const;

/**
 * Traces of a front that calls a cart, which asks Redis, and publishes an order that mail consumes. Spans end
 * between `start_s` and `end_s`. One trace in ten is sampled so that each of its spans stands for two.
 * @param seed different seeds make different ids
 */
export function knownLoad(seed: number, traces: number, start_s: number, end_s: number): KnownLoad {
  const random = seeded(seed);
  const made: Span[][] = [];
  const spans: KnownSpan[] = [];
  const calls: KnownCall[] = [];
  const lognormal = (median_ms: number, sigma: number): number => {
    const normal = Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
    return Math.floor(median_ms * 1e6 * Math.exp(sigma * normal));
  };
  for (let t = 0; t < traces; t++) {
    const traceId = hex(seed, 16) + hex(t + 1, 16);
    const end_ns =
      BigInt(start_s) * 1_000_000_000n + BigInt(Math.floor(random() * (end_s - start_s) * 1e9));
    const weight = random() < 0.1 ? 2 : 1;
    const trace: Span[] = [];
    const add = (
      service: string,
      name: string,
      kind: Span['kind'],
      parent: Span | null,
      nano: number,
      more: Partial<Span> = {},
    ): Span => {
      const span: Span = {
        ...BARE,
        traceId,
        spanId: hex(seed * 1_000_000 + t * 10 + trace.length + 1, 16),
        parentSpanId: parent?.spanId ?? '',
        startUnixNano: end_ns - BigInt(nano),
        durationNano: BigInt(nano),
        kind,
        statusCode: random() < 0.06 ? 2 : 0,
        service,
        name,
        traceState: weight === 2 ? 'ot=th:8' : '',
        ...more,
      };
      trace.push(span);
      return span;
    };
    const route = t % 3 === 0 ? 'POST /checkout' : 'GET /product/{id}';
    const root = add('front', route, 2, null, lognormal(40, 1));
    const asks = add('front', 'cart.Get', 3, root, lognormal(12, 0.8));
    const cart = add('cart', 'cart.Get', 2, asks, lognormal(8, 0.8));
    const redis = add('cart', 'HGET', 3, cart, lognormal(0.4, 0.5), {
      attributes: { 'db.system': 'redis' },
    });
    const sends = add('front', 'orders publish', 4, root, lognormal(1, 0.3));
    const mail = add('mail', 'orders process', 5, sends, lognormal(150, 1.2));
    add('mail', 'render', 1, mail, lognormal(30, 0.4));
    made.push(trace);
    for (const span of trace) spans.push({ span, weight });
    const call = (client: Span, callee: Span | null, server: string, type: string): void => {
      const failed = client.statusCode === 2 || callee?.statusCode === 2;
      calls.push({
        client: client.service,
        server,
        type,
        failed,
        clientNano: Number(client.durationNano),
        serverNano: callee === null ? null : Number(callee.durationNano),
      });
    };
    call(asks, cart, 'cart', '');
    call(redis, null, 'redis', 'database');
    call(sends, mail, 'mail', 'messaging_system');
  }
  return { traces: made, spans, calls };
}

/** Rate, errors and duration by brute force. */
export interface Exact {
  readonly count: number;
  readonly errors: number;
  readonly sum_nano: number;
  /** Each as often as its weight says, sorted. */
  readonly sorted: Float64Array;
  /** The value of the nearest rank, ns. */
  quantile(q: number): number;
}

/** Of these spans; those that end in the panes of [start_s, end_s) where that is given. */
export function exactly(
  spans: readonly KnownSpan[],
  range?: { readonly start_s: number; readonly end_s: number },
): Exact {
  const inside = spans.filter(({ span }) => {
    const end = Number((span.startUnixNano + span.durationNano) / 1_000_000_000n);
    return range === undefined || (end >= range.start_s && end < range.end_s);
  });
  const sorted = Float64Array.from(
    inside.flatMap(({ span, weight }) => new Array<number>(weight).fill(Number(span.durationNano))),
  ).sort();
  const errors = inside.filter(({ span }) => span.statusCode === 2);
  return {
    count: sorted.length,
    errors: errors.reduce((sum, { weight }) => sum + weight, 0),
    sum_nano: sorted.reduce((sum, nano) => sum + nano, 0),
    sorted,
    quantile: (q) =>
      sorted[Math.max(1, Math.ceil(Number((q * sorted.length).toFixed(6)))) - 1] as number,
  };
}

/** Spans by what a series is told apart by, each joined with `|`. */
export function bySeries(
  spans: readonly KnownSpan[],
  by: readonly ('service' | 'operation' | 'kind' | 'status')[],
): ReadonlyMap<string, readonly KnownSpan[]> {
  const groups = new Map<string, KnownSpan[]>();
  for (const known of spans) {
    const { service, name: operation, kind, statusCode } = known.span;
    const parts = {
      service,
      operation,
      kind: SPAN_KIND_NAMES[kind],
      status: STATUS_CODE_NAMES[statusCode],
    };
    const key = by.map((dimension) => parts[dimension]).join('|');
    const list = groups.get(key);
    if (list === undefined) groups.set(key, [known]);
    else list.push(known);
  }
  return groups;
}
