// What a user may do, as the rooms of queues ask for it: RabbitMQ's configure, write and read on
// what has a name in a vhost, and the same for routing keys at topic exchanges. Synchronous, since
// it is asked before every operation; whoever implements it keeps its decisions in memory.

export type Permission = 'configure' | 'write' | 'read'

export interface Authorizer {
  /** Moves whenever an answer may have changed: who was permitted asks again. */
  readonly version: number
  /** Whether the user may come in at all. */
  mayUse(user: string, vhost: string): boolean
  /** `resource`: the name of an exchange or a queue; '' the default exchange. */
  may(user: string, vhost: string, right: Permission, resource: string): boolean
  /** As far as topic permissions go: where there is none for the exchange, it may. */
  mayTopic(
    user: string,
    vhost: string,
    right: 'write' | 'read',
    exchange: string,
    routingKey: string,
  ): boolean
}

export const allowAll: Authorizer = {
  version: 0,
  mayUse: () => true,
  may: () => true,
  mayTopic: () => true,
}
