export * from './pack';
export * from './reducer';
export * from './rules';
export * from './scan';
export * from './state';
