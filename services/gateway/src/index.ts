export { startGateway } from './gateway';
export { createGatewayMetrics as defineMetrics } from './metrics';
export { type GatewayConfig, gatewaySettings as settings } from './settings';
