import { encodeOtlpRequest } from '@spanloom/otlp';
import type { Clock } from '@spanloom/runtime';
import { generateLoad, type LoadBatch } from '../generate/load';
import type { ProtoSender } from '../send/sender';

/**
 * Sends generated load at its own pace until it ends or the signal comes. Each batch is shown to `onSend`
 * just before it goes.
 */
export async function runLoad(
  load: Parameters<typeof generateLoad>[0],
  sender: ProtoSender,
  deps: {
    readonly clock: Clock;
    readonly signal: AbortSignal;
    readonly onSend: (batch: LoadBatch) => void;
  },
): Promise<void> {
  const { clock, signal } = deps;
  const begun_ms = clock.monotonicMs();
  for (const batch of generateLoad(load)) {
    const wait_ms = begun_ms + batch.sendAtMs - clock.monotonicMs();
    if (wait_ms > 1) await clock.sleep(wait_ms, signal);
    signal.throwIfAborted();
    const { spans } = batch;
    deps.onSend(batch);
    await sender.send(encodeOtlpRequest(spans), spans.length);
  }
  await sender.drain();
}
