import { runService } from '@spanloom/runtime';
import { settings } from './settings';
import { startLatency } from './start';

void runService({ name: 'latency', settings, start: startLatency });
