import type { OutgoingRecord } from '@spanloom/kafka';

/** lz4 is what the gateway writes by default; without it, what is left is the driver itself. */
export const COMPRESSIONS = ['none', 'lz4'] as const;
export type DriverCompression = (typeof COMPRESSIONS)[number];

/** Where a driver works. */
export interface DriverTarget {
  readonly brokers: readonly string[];
  readonly topic: string;
  /** Of what is written. */
  readonly compression: DriverCompression;
}

/** Writes to one topic; `send` resolves when all in-sync replicas have acknowledged. */
export interface DriverProducer {
  send(records: readonly OutgoingRecord[]): Promise<void>;
  close(): Promise<void>;
}

/** Reads one topic from its start, in a consumer group of its own. */
export interface DriverConsumer {
  close(): Promise<void>;
}

/** Called with each record's value; the same for every driver. */
export type OnValue = (value: Buffer) => void;

/** A Kafka client, as little of it as is compared: connecting is not measured. */
export interface Driver {
  producer(target: DriverTarget): Promise<DriverProducer>;
  consumer(target: DriverTarget, groupId: string, onValue: OnValue): Promise<DriverConsumer>;
}

/** What every consumer asks a broker for: the port's own defaults. */
export const FETCH = {
  wait_ms_max: 200,
  bytes_min: 256 * 1024,
  bytes_max: 8 * 1024 * 1024,
  partition_bytes_max: 1024 * 1024,
} as const;

/** Partitions whose records a consumer takes side by side, where it has such a setting. */
export const CONCURRENT_MAX = 4;

export const DRIVER_NAMES = ['spanloom', 'kafkajs', 'platformatic', 'confluent'] as const;
export type DriverName = (typeof DRIVER_NAMES)[number];

/** Packages that are no dependencies of this project: they are taken from a folder that has them in node_modules. */
export const FOREIGN: Readonly<Partial<Record<DriverName, string>>> = {
  platformatic: '@platformatic/kafka',
  confluent: '@confluentinc/kafka-javascript',
};
