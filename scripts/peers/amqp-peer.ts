// A broker of AMQP 0-9-1 that can be started beside another: a recipe, as `Peer` is one for Kafka.
// What it shall hold at its start is said in RabbitMQ's words, as a file of definitions.
import { createHash } from 'node:crypto'
import type { Peer, RunningPeer } from './peer.ts'

export interface AmqpPeerOptions {
  /** Port of the listener on 127.0.0.1; a free one if absent. */
  readonly port?: number
  readonly definitions?: Definitions
  /** Port of the management API, which RabbitMQ has only if it is asked for. */
  readonly managementPort?: number
  /** Of the same process, if it speaks Kafka too. */
  readonly kafkaPort?: number
  /** How long the start may take. */
  readonly readyMsMax?: number
}

export interface AmqpPeer extends Peer {
  /** Starts it on a data directory, which is made if absent and kept. */
  start(dataDir: string, options?: AmqpPeerOptions): Promise<RunningPeer>
}

/** Users, vhosts and permissions, as RabbitMQ exports and imports them. */
export interface Definitions {
  readonly users: readonly User[]
  readonly vhosts: readonly { readonly name: string }[]
  readonly permissions: readonly Permission[]
  readonly topic_permissions: readonly TopicPermission[]
}

interface User {
  readonly name: string
  readonly password_hash: string
  readonly hashing_algorithm: 'rabbit_password_hashing_sha256'
  readonly tags: readonly string[]
}

interface Permission {
  readonly user: string
  readonly vhost: string
  readonly configure: string
  readonly write: string
  readonly read: string
}

interface TopicPermission {
  readonly user: string
  readonly vhost: string
  readonly exchange: string
  readonly write: string
  readonly read: string
}

/** A user with the hash that RabbitMQ keeps: salt, and SHA-256 of salt and password. */
export function user(name: string, password: string, tags: readonly string[] = []): User {
  const salt = Buffer.from('salt')
  const digest = createHash('sha256').update(salt).update(password).digest()
  return {
    name,
    password_hash: Buffer.concat([salt, digest]).toString('base64'),
    hashing_algorithm: 'rabbit_password_hashing_sha256',
    tags,
  }
}

/** What RabbitMQ makes when it starts for the first time. */
export const firstDefinitions: Definitions = {
  users: [user('guest', 'guest', ['administrator'])],
  vhosts: [{ name: '/' }],
  permissions: [{ user: 'guest', vhost: '/', configure: '.*', write: '.*', read: '.*' }],
  topic_permissions: [],
}
