import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { type Logger, SpanloomError } from '@spanloom/runtime';
import type { Registry } from './api';

/** Ids that were looked up and kept, at most; more are forgotten all at once. */
const CACHED_MAX = 1_000;
/** How long an id that the registry does not know is taken as unknown, ms. */
const UNKNOWN_FOR_MS = 10_000;

/** Status codes with which a registry refuses a schema: Confluent's 409, and 422 for one that it can't read. */
const REFUSED: ReadonlySet<number> = new Set([409, 422]);

/** Makes a client of the Confluent-compatible registry at `url` (credentials in the URL are used). Connects on first use. */
export function createRegistry(url: string, logger: Logger): Registry {
  const client = new SchemaRegistry(connectionOf(url));
  const ids = new Map<string, number>();
  const schemas = new Map<number, { readonly schema: object | null; readonly until_ms: number }>();

  return {
    async register(subject, schema) {
      const text = JSON.stringify(schema);
      const key = `${subject} ${text}`;
      const known = ids.get(key);
      if (known !== undefined) return known;
      try {
        const { id } = await client.register(
          { type: SchemaType.AVRO, schema: text },
          { subject, compatibility: COMPATIBILITY.BACKWARD },
        );
        ids.set(key, id);
        return id;
      } catch (error) {
        throw registrationError(error, subject);
      }
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

function connectionOf(url: string): ConstructorParameters<typeof SchemaRegistry>[0] {
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
