export * from './dead-letter-rows';
export * from './fragment-rows';
export * from './ledger-rows';
export * from './pane-rows';
export * from './row-writer';
export * from './service-counts';
export * from './span-rows';
export * from './trace-rows';
