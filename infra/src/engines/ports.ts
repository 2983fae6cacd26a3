import { SpanloomError } from '@spanloom/runtime';
import { DEFAULT_PORTS, ENGINE_NAMES, type EngineName, PORT_VARIABLES } from './engine';

/** A port for each engine. */
export type EnginePorts = Readonly<Record<EngineName, number>>;

function readPort(name: EngineName, value: string): number {
  const port = Number(value);
  if (Number.isInteger(port) && port > 0 && port <= 65_535) return port;
  throw new SpanloomError(
    'config-invalid',
    `${PORT_VARIABLES[name]}: "${value}" is not a port; give a number from 1 to 65535`,
  );
}

/** The ports that the environment asks for, the defaults for the others. SpanloomError('config-invalid'). */
export function enginePorts(env: NodeJS.ProcessEnv): EnginePorts {
  const ports = { ...DEFAULT_PORTS };
  for (const name of ENGINE_NAMES) {
    const value = env[PORT_VARIABLES[name]];
    if (value) ports[name] = readPort(name, value);
  }
  return ports;
}
