export * from './span';
export * from './trace-partition';
