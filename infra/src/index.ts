export { type Database as StatementDatabase, openDatabase } from './clickhouse-front/chdb';
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
export { type Child, startChild } from './process/child';
export { identify, isRunning, type ProcessIdentity } from './process/identity';
export { freePorts } from './process/ports';
export { httpOk } from './process/probe';
export { repositoryRoot, spanloomHome } from './repository';
export { type DetachedOptions, startDetached } from './supervisor/detach';
export { type PrepareOptions, prepareEngines } from './supervisor/prepare';
export { SERVICE_NODE_ARGUMENTS, serviceMain } from './supervisor/service-process';
export { type Copies, parseCopies, SERVICES, type ServiceName } from './supervisor/services';
export { type ProcessRecord, type RunState, readState } from './supervisor/state';
export { type ProcessStatus, readStatus, type Status } from './supervisor/status';
export { type StopOutcome, stopRun } from './supervisor/stop-recorded';
export { type SuperviseOptions, type Supervisor, supervise } from './supervisor/supervise';
