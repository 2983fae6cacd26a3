export { keyPartition, murmur2, tracePartition } from '@spanloom/model';
export * from './api';
export * from './config';
export { createKafka, partitionLog, readRange } from './kafka';
export * from './partitions';
export * from './record';
export { topicName, topicSpecs } from './topics';
export { createTurns, type Turns } from './turns';
export { readWireBatch, writeWireBatch } from './wire-batch';
