export { defineMetrics } from './metrics';
export * from './open-partition';
export * from './processor';
export { rulesOf, settings } from './settings';
export { startLatency } from './start';
