import type { OutgoingRecord } from '@spanloom/kafka';
import { freshKafka, freshTopic, startMember, until } from './fixture';

const PARTITIONS = 3;
const RECORDS = 40;
const RECORD_BYTES = 60_000;

const { kafka } = freshKafka(1);

afterAll(() => kafka.close());

/** What a record is full of. */
const filling = (partition: number, offset: number): number => (partition * RECORDS + offset) % 251;

function filled(partition: number, offset: number): OutgoingRecord {
  return { partition, value: Buffer.alloc(RECORD_BYTES, filling(partition, offset)) };
}

test.each(['none', 'lz4'] as const)(
  'records stay as they are while they are processed, however much is fetched meanwhile: %s',
  async (compression) => {
    const topic = await freshTopic(kafka, PARTITIONS);
    const producer = await kafka.producer({ compression });
    for (let offset = 0; offset < RECORDS; offset++) {
      const all = Array.from({ length: PARTITIONS }, (_, partition) => filled(partition, offset));
      await producer.send(topic, all);
    }
    const changed: string[] = [];
    const options = { groupId: topic, topic, partition_bytes_max: 128 * 1024 };
    const member = await startMember(kafka, options, (made) => {
      made.onProcess = async (records) => {
        // What is fetched for the others meanwhile finds the memory that the slow one still reads.
        const wait_ms = made.partition === 0 ? 150 : 1;
        await new Promise((resolve) => setTimeout(resolve, wait_ms));
        for (const { offset, value } of records) {
          const wanted = filled(made.partition, offset).value;
          if (value === null || wanted?.equals(value) !== true)
            changed.push(`${made.partition}/${offset}`);
        }
      };
    });
    const all = Array.from({ length: PARTITIONS }, (_, partition) => partition);
    await until(
      () => member.all.length === PARTITIONS && all.every((p) => member.of(p).next === RECORDS),
      30_000,
    );
    expect(changed).toEqual([]);
    expect(all.map((p) => member.of(p).seen.length)).toEqual(all.map(() => RECORDS));
    await member.runner.stop();
  },
  60_000,
);
