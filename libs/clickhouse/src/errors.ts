import { ClickHouseError } from '@clickhouse/client';
import { SpanloomError } from '@spanloom/runtime';

/**
 * Error codes of ClickHouse (its ErrorCodes.cpp) that say "not now" rather than "not like this":
 * time-outs, overload, memory, disk, replicas away, cancelled. Trying the same again may succeed.
 */
const RETRIABLE_CODES: ReadonlySet<string> = new Set(
  [
    [74, 75, 76, 159, 160, 164, 198, 202, 203, 209, 210, 225, 236, 241, 242, 243, 252, 279, 285],
    [286, 289, 319, 394, 425, 439, 473, 574, 668, 692, 745, 999, 1000, 1001, 1002],
  ]
    .flat()
    .map(String),
);

/** The code with which ClickHouse refused, where an error of this package comes of that; else null. */
export function clickhouseCode(error: unknown): number | null {
  if (!(error instanceof SpanloomError)) return null;
  const code = error.details.clickhouse_code;
  return typeof code === 'number' ? code : null;
}

/**
 * Names a failure of the client. ClickHouse's own refusals become 'clickhouse-failed', retriable or
 * not by their code; all else is the connection: 'engine-unavailable', retriable. After a retriable
 * failure nobody knows whether an insert was carried out.
 */
export function clickhouseError(doing: string, error: unknown): SpanloomError {
  if (error instanceof SpanloomError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ClickHouseError) {
    return new SpanloomError('clickhouse-failed', `${doing}: ${message.slice(0, 1000)}`, {
      cause: error,
      retriable: RETRIABLE_CODES.has(error.code),
      details: { clickhouse_code: Number(error.code), clickhouse_error: error.type },
    });
  }
  return new SpanloomError(
    'engine-unavailable',
    `${doing}: ClickHouse does not answer: ${message}`,
    {
      cause: error,
      retriable: true,
    },
  );
}
