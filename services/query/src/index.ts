export * from './jaeger/ids';
export * from './jaeger/trace';
export { defineMetrics } from './metrics';
export { settings } from './settings';
export { startQuery } from './start';
