import { join } from 'node:path';
import { SpanloomError } from '@spanloom/runtime';
import { freePorts, requireFreePort } from '../process/ports';
import type { ServiceCopy } from './service-process';
import { type Copies, SERVICES, type ServiceFacts } from './services';

/** The port that clients of a service use, from its variable. SpanloomError('config-invalid'). */
function clientPort(service: ServiceFacts, env: NodeJS.ProcessEnv): number | null {
  if (service.listens === null) return null;
  const { variable, port } = service.listens;
  const value = env[variable];
  if (!value) return port;
  const number = Number(value);
  if (Number.isInteger(number) && number > 0 && number <= 65_535) return number;
  throw new SpanloomError('config-invalid', `${variable}: "${value}" is not a port (1 to 65535)`);
}

/** The variable that moves the admin port of a service's first copy. */
export function adminVariable(service: ServiceFacts): string {
  return `SPANLOOM_${service.name.toUpperCase()}_ADMIN_PORT`;
}

async function copiesOf(
  service: ServiceFacts,
  count: number,
  root: string,
  env: NodeJS.ProcessEnv,
): Promise<readonly ServiceCopy[]> {
  const further = await freePorts(Math.max(0, count - 1));
  const firstAdmin = Number(env[adminVariable(service)] || service.adminPort);
  return Array.from({ length: count }, (_, i) => {
    const name = i === 0 ? service.name : `${service.name}-${i + 1}`;
    return {
      service,
      copy: i + 1,
      name,
      port: clientPort(service, env),
      adminPort: i === 0 ? firstAdmin : (further[i - 1] as number),
      log: join(root, 'logs', `${name}.log`),
    };
  });
}

/**
 * Works out which copies run on which ports, and makes sure that these are free: a service would say so too,
 * but only in its log. Errors: port-in-use, config-invalid.
 */
export async function planServices(
  copies: Copies,
  root: string,
  env: NodeJS.ProcessEnv,
): Promise<readonly ServiceCopy[]> {
  const planned = await Promise.all(
    SERVICES.map((service) => copiesOf(service, copies[service.name], root, env)),
  );
  const all = planned.flat();
  for (const { service, name, port, adminPort } of all) {
    if (port !== null) await requireFreePort(port, name, service.listens?.variable ?? '');
    await requireFreePort(adminPort, `${name} (admin)`, adminVariable(service));
  }
  return all;
}
