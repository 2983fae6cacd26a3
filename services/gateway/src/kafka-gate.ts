import type { Clock } from '@spanloom/runtime';

/** Keeps requests out while Kafka is away, so that they fail at once instead of piling up. */
export interface KafkaGate {
  /** Whether a request may come in. While Kafka is away one at a time may, to see if it is back. */
  admit(): boolean;
  /** What became of a send. */
  report(ok: boolean): void;
}

/**
 * Makes a gate. After a failed send it lets one request through every `probe_ms`.
 * `onChange` is told when Kafka goes and comes back.
 */
export function createKafkaGate(
  options: { readonly probe_ms: number; readonly clock: Clock },
  onChange: (away: boolean) => void,
): KafkaGate {
  let away = false;
  let probeAt_ms = 0;
  return {
    admit() {
      if (!away) return true;
      const now_ms = options.clock.monotonicMs();
      if (now_ms < probeAt_ms) return false;
      probeAt_ms = now_ms + options.probe_ms;
      return true;
    },
    report(ok) {
      if (!ok) probeAt_ms = options.clock.monotonicMs() + options.probe_ms;
      if (away !== !ok) onChange(!ok);
      away = !ok;
    },
  };
}
