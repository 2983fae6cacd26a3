export { type CheckResult, checkStored } from './demo/check';
export { generateLoad, type LoadBatch, type LoadOptions } from './generate/load';
export { createOracle, type Oracle } from './generate/oracle';
