/** How two nodes of the service graph are connected, in the words of Tempo's `connection_type`. */
export const CONNECTION_TYPES = ['', 'messaging_system', 'database', 'virtual_node'] as const;
export type ConnectionType = (typeof CONNECTION_TYPES)[number];

/** A node that sends no spans itself, named by the attributes of the span that calls it. */
export interface Peer {
  readonly name: string;
  readonly type: ConnectionType;
}

/** The attributes that {@link peerOf} reads, present names before those that they replaced. */
export const PEER_ATTRIBUTES = [
  'service.peer.name',
  'peer.service',
  'db.system.name',
  'db.system',
  'messaging.system',
] as const;

/** Longest name of a node, in characters; the rest is cut off. */
export const PEER_NAME_MAX = 256;

/**
 * The node on the other side of a client, producer or consumer span that has no partner: a service that
 * is named (`service.peer.name`, which was `peer.service`), else the system of a database
 * (`db.system.name`, which was `db.system`) or of a queue (`messaging.system`).
 * @param value gives an attribute's value, or undefined
 * @returns null when nothing names it
 */
export function peerOf(
  value: (attribute: (typeof PEER_ATTRIBUTES)[number]) => string | undefined,
): Peer | null {
  const service = value('service.peer.name') || value('peer.service');
  const database = value('db.system.name') || value('db.system');
  const queue = value('messaging.system');
  const name = (service || database || queue || '').slice(0, PEER_NAME_MAX);
  if (name === '') return null;
  if (database) return { name, type: 'database' };
  return { name, type: queue ? 'messaging_system' : 'virtual_node' };
}
