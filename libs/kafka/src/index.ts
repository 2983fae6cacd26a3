export * from './api';
export * from './config';
export * from './partitions';
export * from './record';
