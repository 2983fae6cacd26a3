export { type CheckResult, checkStored } from './demo/check';
export { generateLoad, type LoadBatch, type LoadOptions } from './generate/load';
export { createOracle, type Oracle } from './generate/oracle';
export { createRandom, type Random } from './generate/random';
export { readLines } from './import/read-lines';
export { runStatement } from './sql/run-statement';
export { formatTable, parseRows, ROWS_FORMAT } from './sql/table';
export { alignColumns } from './terminal/columns';
export { createProgress, grouped, type Progress, shortMs } from './terminal/progress';
