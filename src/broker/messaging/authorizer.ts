// What a user may do, as the rooms of queues ask for it: RabbitMQ's configure, write and read on
// what has a name in a vhost, and the same for routing keys at topic exchanges. Synchronous, since
// it is asked before every operation; whoever implements it keeps its decisions in memory.

export type Permission = 'configure' | 'write' | 'read'

export interface Authorizer {
  /** Moves whenever an answer may have changed. */
  readonly version: number
  mayOpen(user: string, vhost: string): boolean
  /** `name`: of a queue or an exchange; the default exchange is `amq.default` here. */
  may(user: string, vhost: string, permission: Permission, name: string): boolean
  /** Whether topic permissions are set for the exchange; without any, every key is permitted. */
  limitsTopics(user: string, vhost: string, exchange: string): boolean
  mayTopic(
    user: string,
    vhost: string,
    permission: 'write' | 'read',
    exchange: string,
    routingKey: string,
  ): boolean
}

export const allowAll: Authorizer = {
  version: 0,
  mayOpen: () => true,
  may: () => true,
  limitsTopics: () => false,
  mayTopic: () => true,
}
