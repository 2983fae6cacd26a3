export { reconnectDelayMs } from './connection';
export type { RedisMemory } from './memory';
export * from './redis';
