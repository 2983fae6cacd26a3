export * from './duration';
export * from './instant';
export * from './span';
export * from './trace-partition';
