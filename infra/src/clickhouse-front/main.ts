import {
  choice,
  createLogger,
  defineSettings,
  int,
  LOG_LEVELS,
  loadConfig,
  text,
} from '@spanloom/runtime';
import { startFront } from './server';

/** Settings of the process that serves the embedded ClickHouse. */
export const frontSettings = defineSettings('clickhouse-front', {
  clickhouse_dir: text({ doc: 'Folder of the tables.' }),
  clickhouse_host: text({ default: '127.0.0.1', doc: 'Address to listen on.' }),
  clickhouse_port: int({ default: 8123, min: 0, max: 65535, doc: 'Port to listen on.' }),
  clickhouse_body_bytes_max: int({
    default: 256 * 1024 * 1024,
    min: 1024 * 1024,
    max: 1024 * 1024 * 1024,
    unit: 'bytes',
    doc: 'Greatest body of an insert, after decompression.',
  }),
  log_level: choice(LOG_LEVELS, { default: 'info', doc: 'The least important lines to log.' }),
});

async function main(): Promise<void> {
  const config = loadConfig(frontSettings, { env: process.env });
  const logger = createLogger({ service: 'clickhouse-front', level: config.log_level });
  try {
    const front = await startFront({
      dir: config.clickhouse_dir,
      host: config.clickhouse_host,
      port: config.clickhouse_port,
      bodyBytesMax: config.clickhouse_body_bytes_max,
      logger,
    });
    let stopping = false;
    const stop = (): void => {
      if (stopping) process.exit(130);
      stopping = true;
      void front.close().then(() => process.exit(0));
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  } catch (error) {
    logger.error({ error }, 'the ClickHouse front cannot start');
    process.exit(1);
  }
}

void main();
