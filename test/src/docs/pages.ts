import { metricsPage } from './metrics-page';
import { describeServices } from './service-description';
import { settingsPage } from './settings-page';

/** The reference pages by their file name under docs/, as the code now makes them. */
export async function referencePages(): Promise<ReadonlyMap<string, string>> {
  const services = await describeServices();
  return new Map([
    ['settings.md', settingsPage(services)],
    ['metrics.md', metricsPage(services)],
  ]);
}
