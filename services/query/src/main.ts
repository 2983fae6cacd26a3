import { runService } from '@spanloom/runtime';
import { settings } from './settings';
import { startQuery } from './start';

void runService({
  name: 'query',
  settings,
  async start(context) {
    await startQuery(context);
  },
});
