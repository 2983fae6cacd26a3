import type { Clock } from '@spanloom/runtime';
import type { Producer } from './api';

/** A send that is not acknowledged for this long shows that Kafka does not keep up, ms. */
const SLOW_MS = 2_000;

/**
 * Watches how long sends take: `onSlow` is told, in words, once one has waited for two seconds, and null when
 * nothing has waited for half of that any more. Whoever feeds the producer can stop meanwhile.
 */
export function watchProducer(
  producer: Producer,
  deps: { readonly clock: Clock; onSlow(text: string | null): void },
): Producer {
  const { clock } = deps;
  const sentAt_ms = new Set<{ readonly at_ms: number }>();
  let timer: NodeJS.Timeout | null = null;
  let slow = false;

  /** Sets are in the order of insertion, so the first is the oldest. */
  function oldest_ms(): number {
    const [first] = sentAt_ms;
    return first === undefined ? 0 : clock.monotonicMs() - first.at_ms;
  }

  function look(): void {
    timer = null;
    const waits_ms = oldest_ms();
    if (!slow && waits_ms >= SLOW_MS) {
      slow = true;
      deps.onSlow(`Kafka has not acknowledged what was written ${Math.round(waits_ms)} ms ago`);
    } else if (slow && waits_ms < SLOW_MS / 2) {
      slow = false;
      deps.onSlow(null);
    }
    if (sentAt_ms.size > 0) timer = setTimeout(look, Math.max(SLOW_MS - waits_ms, SLOW_MS / 4));
  }

  return {
    async send(topic, records) {
      const sending = { at_ms: clock.monotonicMs() };
      sentAt_ms.add(sending);
      timer ??= setTimeout(look, SLOW_MS);
      try {
        return await producer.send(topic, records);
      } finally {
        sentAt_ms.delete(sending);
        if (slow) {
          if (timer !== null) clearTimeout(timer);
          look();
        } else if (sentAt_ms.size === 0 && timer !== null) {
          clearTimeout(timer);
          timer = null;
        }
      }
    },
    close: () => producer.close(),
  };
}
