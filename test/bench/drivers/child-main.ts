import { randomUUID } from 'node:crypto';
import { SpanloomError } from '@spanloom/runtime';
import { confluentDriver } from './confluent-driver';
import type { Driver, DriverName, DriverTarget } from './driver';
import { kafkajsDriver } from './kafkajs-driver';
import { makeSends, SPANS_PER_SEND } from './messages';
import { platformaticDriver } from './platformatic-driver';
import type { ChildReport, ChildRequest } from './request';
import { spanloomDriver } from './spanloom-driver';

/** Sends under way at a time, whatever the driver allows itself. */
const IN_FLIGHT_MAX = 5;
/** The first part is not counted: compilers settle, connections open, buffers grow. */
const WARM_UP_SHARE = 0.25;
const WARM_UP_READS = 2;

async function load(name: DriverName, folder: string): Promise<Driver> {
  if (name === 'spanloom') return spanloomDriver;
  if (name === 'kafkajs') return kafkajsDriver;
  return name === 'platformatic' ? platformaticDriver(folder) : confluentDriver(folder);
}

function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

async function produce(driver: Driver, target: DriverTarget, request: ChildRequest) {
  const sends = makeSends(request.packing);
  const producer = await driver.producer(target);
  const run = async (from: number, to: number) => {
    let next = from;
    let records = 0;
    let bytes = 0;
    const lane = async (): Promise<void> => {
      while (next < to) {
        const send = sends[next++ % sends.length] as (typeof sends)[number];
        await producer.send(send);
        records += send.length;
        for (const { value } of send) bytes += value?.length ?? 0;
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT_MAX }, lane));
    return { records, bytes };
  };
  const count = Math.ceil(request.spans / SPANS_PER_SEND);
  const settled = Math.ceil(count * WARM_UP_SHARE);
  const warm = await run(0, settled);
  const before = process.cpuUsage();
  const measured = await run(settled, count);
  const cpu_us = cpuSince(before);
  await producer.close();
  const records = warm.records + measured.records;
  return {
    cpu_us,
    measured: measured.records / records,
    records,
    bytes: warm.bytes + measured.bytes,
  };
}

/** Reads a whole topic; CPU from before the consumer connects to the last record. */
async function readAll(driver: Driver, target: DriverTarget, expected: number) {
  const before = process.cpuUsage();
  let cpu_us = 0;
  let records = 0;
  let bytes = 0;
  let done: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => {
    done = resolve;
  });
  const consumer = await driver.consumer(target, `bench-${randomUUID()}`, (value) => {
    bytes += value.length;
    if (++records !== expected) return;
    cpu_us = cpuSince(before);
    done();
  });
  await finished;
  await consumer.close();
  return { cpu_us, records, bytes };
}

/**
 * What reading a large topic takes above a small one: connecting and joining a group are in both. Where a client
 * reads ahead on threads of its own, a part of one reading could not be told from the rest.
 */
async function consume(driver: Driver, target: DriverTarget, { logs }: ChildRequest) {
  const [small, large] = logs as readonly [
    ChildRequest['logs'][number],
    ChildRequest['logs'][number],
  ];
  for (let i = 0; i < WARM_UP_READS; i++) {
    await readAll(driver, { ...target, topic: small.topic }, small.records);
  }
  const less = await readAll(driver, { ...target, topic: small.topic }, small.records);
  const more = await readAll(driver, { ...target, topic: large.topic }, large.records);
  const measured = 1 - small.records / large.records;
  return { ...more, cpu_us: more.cpu_us - less.cpu_us, measured };
}

/** A process that does one thing with one driver; its last line says what that took. */
async function main(): Promise<void> {
  const request = JSON.parse(process.argv[2] ?? '') as ChildRequest;
  const { brokers, topic, compression } = request;
  const driver = await load(request.driver, request.folder);
  const work = request.mode === 'produce' ? produce : consume;
  const report: ChildReport = await work(driver, { brokers, topic, compression }, request);
  process.stdout.write(`${JSON.stringify(report)}\n`);
  // A driver may keep handles open after it was closed.
  process.exit(0);
}

main().catch((error: unknown) => {
  const text = error instanceof SpanloomError ? error.message : String((error as Error)?.stack);
  process.stderr.write(`${text}\n`);
  process.exit(1);
});
