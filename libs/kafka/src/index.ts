export * from './api';
export * from './config';
export { createKafka, partitionLog, readRange } from './kafka';
export { keyPartition, murmur2, tracePartition } from './murmur2';
export * from './partitions';
export * from './record';
export { topicName, topicSpecs } from './topics';
