export { type CheckResult, checkStored } from './demo/check';
export { generateLoad, type LoadBatch, type LoadOptions } from './generate/load';
export { createOracle, type Oracle } from './generate/oracle';
export { createRandom, type Random } from './generate/random';
export { readLines } from './import/read-lines';
export { alignColumns } from './terminal/columns';
export { createProgress, grouped, type Progress, shortMs } from './terminal/progress';
