import { SERVICES } from '@spanloom/infra';
import {
  createMetrics,
  type MetricDescription,
  type Metrics,
  type Settings,
  type SettingsShape,
} from '@spanloom/runtime';

/** What the reference pages show of one service. */
export interface ServiceDescription {
  readonly name: string;
  readonly settings: Settings<SettingsShape>;
  readonly metrics: readonly MetricDescription[];
}

/** What a service's package exports for this: by these names. */
interface ServiceModule {
  readonly settings?: Settings<SettingsShape>;
  readonly defineMetrics?: (metrics: Metrics) => unknown;
}

/** Describes one service from what its package exports; throws when it does not export its settings and metrics. */
async function describeService(name: string): Promise<ServiceDescription> {
  const service = (await import(`@spanloom/${name}`)) as ServiceModule;
  if (!service.settings || !service.defineMetrics) {
    throw new Error(`@spanloom/${name} must export settings and defineMetrics`);
  }
  const metrics = createMetrics(name);
  service.defineMetrics(metrics);
  return { name, settings: service.settings, metrics: metrics.definitions() };
}

/** Describes all services that run as processes. */
export function describeServices(): Promise<readonly ServiceDescription[]> {
  return Promise.all(SERVICES.map(({ name }) => describeService(name)));
}
