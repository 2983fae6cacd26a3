import { runService } from '@spanloom/runtime';
import { startGateway } from './gateway';
import { gatewaySettings } from './settings';

void runService({
  name: 'gateway',
  settings: gatewaySettings,
  async start(context) {
    await startGateway(context);
  },
});
