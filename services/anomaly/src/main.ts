import { runService } from '@spanloom/runtime';
import { settings } from './settings';
import { startAnomaly } from './start';

void runService({ name: 'anomaly', settings, start: startAnomaly });
