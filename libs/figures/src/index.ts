export * from './contract';
export * from './counters';
export * from './delays';
export * from './sender';
