export { readCatalogue } from './engines/catalogue';
export {
  DEFAULT_PORTS,
  ENGINE_NAMES,
  ENGINE_VARIABLES,
  type Engine,
  type EngineName,
  PORT_VARIABLES,
} from './engines/engine';
export { engineDir, startLocalEngine } from './engines/local';
export { type EnginePorts, enginePorts } from './engines/ports';
export {
  type EngineKind,
  engineKind,
  type RunningEngines,
  type StartEnginesOptions,
  startEngines,
} from './engines/start-engines';
export { startTestEngines, type TestEngines } from './engines/test-engines';
