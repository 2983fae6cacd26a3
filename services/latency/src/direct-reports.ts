import type { DelayPane } from '@spanloom/avro';
import {
  DelayBook,
  type FigureSender,
  isReportName,
  SERVICE_HEADER,
  TRANSFER_MS_MAX,
} from '@spanloom/figures';
import type { KafkaRecord } from '@spanloom/kafka';

/** What those who write to the topic `spans` by themselves report in the headers of their records, for one partition. */
export interface DirectReports {
  /** Takes in a record that names its service; `spans` is how many are in it, `sentAt_ms` what its batch says (0: nothing). */
  read(record: KafkaRecord, spans: number, sentAt_ms: number): void;
  /** To be awaited before a position is committed: counters that came before it are on Kafka then. */
  beforeCommit(): Promise<void>;
  /** To be called after: delays that came before it are in no danger of being read again. */
  afterCommit(): void;
}

/** Whether a record carries a report. The gateway's records have no headers. */
export function hasReport({ headers }: KafkaRecord): boolean {
  return headers[SERVICE_HEADER] !== undefined;
}

/**
 * Makes them. Counters may be read again after a crash, since the greatest holds. Delays must not: they are held back
 * until what they came from is committed, and given up where the process dies before that is written.
 */
export function createDirectReports(
  sender: Pick<FigureSender, 'report' | 'merge' | 'flush' | 'hasCounters'>,
): DirectReports {
  const pending = new DelayBook();
  return {
    read({ headers, timestampMs }, spans, sentInBatch_ms) {
      const service = String(headers[SERVICE_HEADER]);
      const texts = Object.entries(headers).flatMap(([name, value]) =>
        value !== undefined && isReportName(name) ? [[name, value.toString()] as const] : [],
      );
      const { sentAt_ms } = sender.report(service, Object.fromEntries(texts));
      const sent_ms = sentAt_ms ?? sentInBatch_ms;
      if (sent_ms === 0) return;
      const figure: DelayPane['figure'] = 'transfer';
      const delay = { figure, leg: 'producer', service, at_ms: timestampMs, count: spans };
      pending.add({ ...delay, delay_ms: timestampMs - sent_ms, ms_max: TRANSFER_MS_MAX });
    },
    async beforeCommit() {
      if (sender.hasCounters) await sender.flush();
    },
    afterCommit() {
      if (pending.size > 0) sender.merge(pending.take());
    },
  };
}
