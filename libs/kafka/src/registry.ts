import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { type Logger, SpanloomError } from '@spanloom/runtime';
import type { Registry } from './api';

/** Ids that were looked up and kept, at most; more are forgotten all at once. */
const CACHED_MAX = 1_000;
/** How long an id that the registry does not know is taken as unknown, ms. */
const UNKNOWN_FOR_MS = 10_000;

const REGISTER_ATTEMPTS_MAX = 4;
const REGISTER_WAIT_MS = 200;
const CONFIG_MS_MAX = 5_000;

/** Status codes with which a registry refuses a schema: Confluent's 409, and 422 for one that it can't read. */
const REFUSED: ReadonlySet<number> = new Set([409, 422]);

/** Makes a client of the Confluent-compatible registry at `url` (credentials in the URL are used). Connects on first use. */
export function createRegistry(url: string, logger: Logger): Registry {
  const connection = connectionOf(url);
  const client = new SchemaRegistry(connection);
  const ids = new Map<string, number>();
  const schemas = new Map<number, { readonly schema: object | null; readonly until_ms: number }>();

  return {
    async register(subject, schema) {
      const text = JSON.stringify(schema);
      const key = `${subject} ${text}`;
      const known = ids.get(key);
      if (known !== undefined) return known;
      const id = await register(subject, text);
      ids.set(key, id);
      return id;
    },

    async schemaById(id) {
      const known = schemas.get(id);
      if (known !== undefined && known.until_ms > Date.now()) return known.schema;
      const schema = await lookUp(id);
      if (schemas.size >= CACHED_MAX) schemas.clear();
      const until_ms = schema === null ? Date.now() + UNKNOWN_FOR_MS : Number.POSITIVE_INFINITY;
      schemas.set(id, { schema, until_ms });
      return schema;
    },
  };

  /**
   * Registers, however many others do so at this moment: registries answer the second of two first registrations
   * with a conflict, and a subject's compatibility is set only after its first schema.
   */
  async function register(subject: string, schema: string): Promise<number> {
    for (let attempt = 1; ; attempt++) {
      try {
        const { id } = await client.register(
          { type: SchemaType.AVRO, schema },
          { subject, compatibility: COMPATIBILITY.BACKWARD },
        );
        return id;
      } catch (error) {
        const known = registrationError(error, subject);
        if (known.code !== 'schema-incompatible' || attempt >= REGISTER_ATTEMPTS_MAX) throw known;
        await new Promise((resolve) => setTimeout(resolve, REGISTER_WAIT_MS * attempt));
        await demandBackward(subject);
      }
    }
  }

  /** Sets the compatibility of a subject that has none: whoever registered first has not got to it, or died before. */
  async function demandBackward(subject: string): Promise<void> {
    const { host, auth } = connection;
    const headers = new Headers({ 'content-type': 'application/vnd.schemaregistry.v1+json' });
    if (auth !== undefined) {
      const credentials = Buffer.from(`${auth.username}:${auth.password}`).toString('base64');
      headers.set('authorization', `Basic ${credentials}`);
    }
    const address = `${host}/config/${encodeURIComponent(subject)}`;
    try {
      const answer = await fetch(address, { headers, signal: AbortSignal.timeout(CONFIG_MS_MAX) });
      const { compatibilityLevel } = (await answer.json()) as { compatibilityLevel?: string };
      if (compatibilityLevel !== COMPATIBILITY.NONE) return;
      await fetch(address, {
        method: 'PUT',
        headers,
        body: JSON.stringify({ compatibility: COMPATIBILITY.BACKWARD }),
        signal: AbortSignal.timeout(CONFIG_MS_MAX),
      });
    } catch (error) {
      throw unavailable(error, `setting the compatibility of ${subject}`);
    }
  }

  async function lookUp(id: number): Promise<object | null> {
    try {
      const found = await client.getSchema(id);
      if ('schema' in found && typeof found.schema === 'function') {
        return found.schema({ exportAttrs: true }) as object;
      }
      logger.warn({ schema_id: id }, 'the schema is not an Avro schema');
      return null;
    } catch (error) {
      const status = statusOf(error);
      if (status === 404) return null;
      if (status === undefined && isSchemaProblem(error)) {
        logger.warn({ err: error, schema_id: id }, 'the schema can not be read');
        return null;
      }
      throw unavailable(error, `looking up schema ${id}`);
    }
  }
}

interface Connection {
  readonly host: string;
  readonly auth?: { readonly username: string; readonly password: string };
}

function connectionOf(url: string): Connection {
  if (!URL.canParse(url)) {
    throw new SpanloomError('config-invalid', 'schema_registry_url is not a URL');
  }
  const parsed = new URL(url);
  const { username, password } = parsed;
  parsed.username = '';
  parsed.password = '';
  const host = parsed.href.replace(/\/+$/, '');
  if (username === '') return { host };
  const auth = {
    username: decodeURIComponent(username),
    password: decodeURIComponent(password),
  };
  return { host, auth };
}

/** The HTTP status of the registry's answer; undefined when there was none. */
function statusOf(error: unknown): number | undefined {
  const { status } = error as { status?: unknown };
  return typeof status === 'number' && status >= 400 ? status : undefined;
}

/** Whether the answer came but the schema in it makes no sense to the Avro library. */
function isSchemaProblem(error: unknown): boolean {
  const name = error instanceof Error ? error.name : '';
  return name.startsWith('ConfluentSchemaRegistry') || error instanceof SyntaxError;
}

function registrationError(error: unknown, subject: string): SpanloomError {
  const status = statusOf(error);
  const incompatible = status !== undefined && REFUSED.has(status);
  if (incompatible || isSchemaProblem(error)) {
    const reason = error instanceof Error ? error.message : String(error);
    return new SpanloomError(
      'schema-incompatible',
      `the schema registry refuses the schema of ${subject}: ${reason}`,
      { cause: error, details: { subject, status } },
    );
  }
  return unavailable(error, `registering the schema of ${subject}`);
}

function unavailable(error: unknown, doing: string): SpanloomError {
  const reason = error instanceof Error ? error.message : String(error);
  return new SpanloomError('engine-unavailable', `${doing} failed: ${reason}`, {
    cause: error,
    retriable: true,
    details: { engine: 'schema-registry', status: statusOf(error) },
  });
}
