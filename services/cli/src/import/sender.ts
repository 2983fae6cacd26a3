import type { Clock } from '@spanloom/runtime';
import type { OtlpLine } from './otlp-line';
import { type PostOptions, postSpans } from './post';
import type { SentSpans } from './sent-spans';

/** A line and where it stood. */
export interface PlacedLine {
  /** `file:number` */
  readonly place: string;
  readonly line: OtlpLine;
}

/** Sends lines, several in one request and several requests at a time. */
export interface Sender {
  /** Takes a line; waits while too much is under way. */
  send(line: PlacedLine): Promise<void>;
  /** Sends what was only collected so far. */
  flush(): Promise<void>;
  /** Flushes and waits until everything is answered. */
  finish(): Promise<void>;
  /** Spans answered with success. */
  readonly acknowledged: number;
  /** Spans that the gateway rejected while it took the rest of their request. */
  readonly rejected: number;
  /** Spans in lines that the gateway refused whole. */
  readonly refused: number;
}

/** What a sender needs. */
export interface SenderOptions {
  readonly url: string;
  readonly clock: Clock;
  readonly sent: SentSpans;
  /** Something the user should read, like a refused line. */
  readonly onNote: (note: string) => void;
}

const REQUESTS_AT_A_TIME = 8;
/** Enough to make a request worth its overhead, and far from any gateway's limit. */
const SPANS_PER_REQUEST = 256;

/**
 * Creates a sender. A request that is refused for its content or size is sent again in halves, so
 * that a broken line costs only itself.
 */
export function createSender(options: SenderOptions): Sender {
  const { sent, onNote } = options;
  const post: PostOptions = { ...options, onRetry: noteOnce(onNote) };
  const underWay = new Set<Promise<void>>();
  let collected: PlacedLine[] = [];
  let collectedSpans = 0;
  let acknowledged = 0;
  let rejected = 0;
  let refused = 0;
  let failure: { readonly error: unknown } | null = null;

  const deliver = async (lines: readonly PlacedLine[]): Promise<void> => {
    const outcome = await postSpans(requestOf(lines), post);
    if (outcome.kind === 'accepted') {
      for (const { line } of lines) {
        sent.add(line);
        acknowledged += line.spans.length;
      }
      rejected += outcome.rejected;
      if (outcome.rejected > 0) {
        onNote(`${placeOf(lines)}: ${outcome.rejected} spans rejected: ${outcome.why}`);
      }
    } else if (lines.length > 1) {
      const half = lines.length >> 1;
      await deliver(lines.slice(0, half));
      await deliver(lines.slice(half));
    } else {
      refused += lines[0]?.line.spans.length ?? 0;
      onNote(`${placeOf(lines)}: refused by the gateway: ${outcome.why}`);
    }
  };
  const throwFailure = (): void => {
    if (failure !== null) throw failure.error;
  };
  const flush = async (): Promise<void> => {
    if (collected.length === 0) return;
    const lines = collected;
    collected = [];
    collectedSpans = 0;
    while (underWay.size >= REQUESTS_AT_A_TIME) await Promise.race(underWay);
    throwFailure();
    const delivery = deliver(lines)
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => underWay.delete(delivery));
    underWay.add(delivery);
  };
  return {
    async send(line) {
      throwFailure();
      collected.push(line);
      collectedSpans += line.line.spans.length;
      if (collectedSpans >= SPANS_PER_REQUEST) await flush();
    },
    flush,
    async finish() {
      await flush();
      await Promise.all(underWay);
      throwFailure();
    },
    get acknowledged() {
      return acknowledged;
    },
    get rejected() {
      return rejected;
    },
    get refused() {
      return refused;
    },
  };
}

function requestOf(lines: readonly PlacedLine[]): string {
  return JSON.stringify({ resourceSpans: lines.flatMap(({ line }) => line.resourceSpans) });
}

function placeOf(lines: readonly PlacedLine[]): string {
  const first = lines[0]?.place ?? '';
  return lines.length === 1 ? first : `${first} to ${lines[lines.length - 1]?.place}`;
}

/** Every reason to wait is worth saying, but not once for each request. */
function noteOnce(onNote: (note: string) => void): (why: string) => void {
  const said = new Set<string>();
  return (why) => {
    if (said.has(why) || said.size >= 10) return;
    said.add(why);
    onNote(`the gateway asks to wait: ${why}`);
  };
}
