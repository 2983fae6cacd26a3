import { createLogger } from '@spanloom/runtime';
import { repositoryRoot } from './repository';
import { prepareEngines } from './supervisor/prepare';

/** Gets engines that run elsewhere ready for the services, and ends: topics, schemas, tables. */
async function main(): Promise<void> {
  const logger = createLogger({ service: 'prepare', level: 'info' });
  try {
    await prepareEngines({ env: process.env, repository: repositoryRoot(), logger });
    logger.info({}, 'topics, schemas and tables are there');
  } catch (error) {
    logger.error({ error }, 'cannot be prepared');
    process.exitCode = 1;
  }
}

void main();
