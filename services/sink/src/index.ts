export { amend, notedTraces, storedTraces } from './amendments';
export { checkpointMetadata, parseCheckpoint, type SinkCheckpoint } from './checkpoint';
export { defineMetrics } from './metrics';
export { settings } from './settings';
export { type SinkContext, sinkGroup, startSink } from './sink';
