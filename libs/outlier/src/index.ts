export * from './attributes';
export * from './below';
export * from './confidence';
export * from './explain';
export type { Comparison, ExplainStatement } from './statements';
