export { defineMetrics } from './metrics';
export { rulesOf, settings } from './settings';
export { startAnomaly } from './start';
