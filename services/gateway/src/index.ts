export { startGateway } from './gateway';
export { createGatewayMetrics } from './metrics';
export { type GatewayConfig, gatewaySettings } from './settings';
