export { defineMetrics } from './metrics';
export { settings } from './settings';
