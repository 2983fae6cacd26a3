import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SERVICE_NODE_ARGUMENTS } from '../../src/supervisor/service-process';

test('docker-compose.yml starts services with the same options of Node', () => {
  const compose = readFileSync(join(__dirname, '../../../docker-compose.yml'), 'utf8');
  const commands = compose.match(/^ +command: node .*services\/\w+\/dist\/main\.js$/gm) ?? [];
  expect(commands.length).toBeGreaterThan(0);
  for (const command of commands) {
    expect(command).toContain(`node ${SERVICE_NODE_ARGUMENTS.join(' ')} services/`);
  }
});
