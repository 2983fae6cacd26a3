import type { Health, HealthAnswer } from '@spanloom/runtime';
import type { FastifyInstance, FastifyReply } from 'fastify';

/** Adds /livez and /readyz, the same as on the admin port: 200, or 503 with the reason. */
export function addHealthRoutes(app: FastifyInstance, health: Health): void {
  const send = (reply: FastifyReply, answer: HealthAnswer) =>
    reply.code(answer.ok ? 200 : 503).send(answer);
  const tags = ['Health'];
  const alive = { tags, summary: 'Whether the process is alive' };
  const ready = { tags, summary: 'Whether queries can be answered now' };
  app.get('/livez', { schema: alive }, async (_request, reply) => send(reply, health.alive()));
  app.get('/readyz', { schema: ready }, async (_request, reply) => send(reply, health.ready()));
}
