import { type FigureSender, TRANSFER_MS_MAX } from '@spanloom/figures';
import type { ResourceGroup } from '@spanloom/otlp';

/** One resource of a request, as far as its transfer is concerned. */
export interface Transfer {
  readonly service: string;
  readonly spans: number;
  /** By the producer's clock, ms since 1970; null when it did not say. */
  readonly sentAt_ms: number | null;
}

/** Takes in what producers report, and how long their spans took to be on Kafka. */
export interface TransferFigures {
  /** Takes the reports of a request in; what it gives stays valid when the groups are reused. */
  report(groups: {
    readonly all: readonly ResourceGroup[];
    readonly dropped: number;
  }): readonly Transfer[];
  /** Writes what was reported at once; gives whether Kafka has it. */
  write(): Promise<boolean>;
  /** Kafka has appended the spans of a request. Times in ms since 1970: `received` by our clock, `appended` by the broker's. */
  appended(transfers: readonly Transfer[], receivedAt_ms: number, appendedAt_ms: number): void;
}

/**
 * Makes the figures of transfer: from the gateway's receipt of a request to its append, which is always known, and
 * from the producer's send, where it says when that was. All spans of a request count with its last append.
 */
export function createTransferFigures(
  sender: Pick<FigureSender, 'report' | 'delay' | 'tooMany' | 'flush'>,
): TransferFigures {
  function observe(leg: string, { service, spans }: Transfer, from_ms: number, to_ms: number) {
    sender.delay({
      figure: 'transfer',
      leg,
      service,
      at_ms: to_ms,
      delay_ms: to_ms - from_ms,
      ms_max: TRANSFER_MS_MAX,
      count: spans,
    });
  }
  return {
    report({ all, dropped }) {
      if (dropped > 0) sender.tooMany(dropped);
      return all.map(({ service, report, spans }) => ({
        service,
        spans,
        sentAt_ms: report === null ? null : sender.report(service, report).sentAt_ms,
      }));
    },
    write: () => sender.flush(),
    appended(transfers, receivedAt_ms, appendedAt_ms) {
      for (const transfer of transfers) {
        observe('gateway', transfer, receivedAt_ms, appendedAt_ms);
        const { sentAt_ms } = transfer;
        if (sentAt_ms !== null) observe('producer', transfer, sentAt_ms, appendedAt_ms);
      }
    },
  };
}
