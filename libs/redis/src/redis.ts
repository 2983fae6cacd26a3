import { createHash } from 'node:crypto';
import { type Clock, type Logger, SpanloomError, systemClock } from '@spanloom/runtime';
import type { Redis as Client } from 'ioredis';
import { addressOf, connect } from './connection';
import { isReplyError, isUnknownScript, messageOf } from './errors';
import { assertNoEviction, parseMemory, type RedisMemory } from './memory';
import { PieceCommand } from './piece-command';

/** What a Redis port is configured with: the part of a service's settings that `redisSettings` names. */
export interface RedisConfig {
  readonly redis_url: string;
  /** How long a command may wait, for the connection and for its answer together. */
  readonly redis_timeout_ms?: number;
}

/** A key or an argument of a script. */
export type ScriptValue = string | Buffer | number;

/**
 * Runs a script: its keys (as many as it was defined with, or any number), then its arguments. Replies are as Redis gives
 * them, strings as buffers. Large arguments are not copied: they must stay as they are until then. Throws `engine-unavailable` (retriable) when Redis is away, `internal` when the
 * script itself fails.
 */
export type Script = (
  keys: readonly (string | Buffer)[],
  args: readonly ScriptValue[],
) => Promise<unknown>;

/** The port to Redis. */
export interface Redis {
  /** The client, for everything that is not a script. Its errors come in Spanloom's form. */
  readonly client: Client;
  /** Names a Lua script. It is sent by its digest, and whole where Redis does not know it (any more). */
  defineScript(name: string, lua: string, numberOfKeys: number | 'any'): Script;
  /** Throws `redis-unsafe` when this Redis may evict keys. */
  checkSafe(): Promise<void>;
  /** Asks how full Redis is. */
  memory(): Promise<RedisMemory>;
  /** Waits for the commands under way, then hangs up; a Redis that is away is not waited for. */
  close(): Promise<void>;
}

const TIMEOUT_MS = 10_000;

function defineScript(
  client: Client,
  name: string,
  lua: string,
  numberOfKeys: number | 'any',
): Script {
  const digest = createHash('sha1').update(lua).digest('hex');
  return async (keys, args) => {
    if (numberOfKeys !== 'any' && keys.length !== numberOfKeys) {
      throw new SpanloomError(
        'internal',
        `script ${name} takes ${numberOfKeys} keys, not ${keys.length}`,
      );
    }
    const run = (command: string, script: string): Promise<unknown> => {
      const parts = [script, keys.length, ...keys, ...args];
      return client.sendCommand(
        new PieceCommand(command, parts, { replyEncoding: null }),
      ) as Promise<unknown>;
    };
    try {
      return await run('evalsha', digest).catch((error: unknown) => {
        if (!isUnknownScript(error)) throw error;
        return run('eval', lua);
      });
    } catch (error) {
      if (!isReplyError(error)) throw error;
      throw new SpanloomError('internal', `script ${name} failed: ${messageOf(error)}`, {
        cause: error,
        details: { script: name },
      });
    }
  };
}

/** Opens the port to Redis. It connects in the background; the first command says when it can't. */
export function createRedis(
  config: RedisConfig,
  deps: { readonly logger: Logger; readonly clock?: Clock },
): Redis {
  const address = addressOf(config.redis_url);
  const client = connect(config.redis_url, {
    logger: deps.logger,
    clock: deps.clock ?? systemClock,
    timeout_ms: config.redis_timeout_ms ?? TIMEOUT_MS,
  });
  return {
    client,
    defineScript: (name, lua, numberOfKeys) => defineScript(client, name, lua, numberOfKeys),
    async checkSafe() {
      assertNoEviction(await client.info('memory'), address);
    },
    async memory() {
      return parseMemory(await client.info('memory'));
    },
    async close() {
      const quit = client.status === 'ready' && (await client.quit().catch(() => false));
      if (!quit) client.disconnect();
    },
  };
}
