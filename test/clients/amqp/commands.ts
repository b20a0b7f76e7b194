// What the runner asks of an AMQP client, in the manner of ../lib/commands.ts: one JSON request a
// line, one answer a line, and one scenario (scenario.ts) for every client, whatever its language.
// Queues and exchanges that a command declares are durable.

export interface Message {
  readonly body: string
  readonly messageId: string
  /** The value of the header `case`. */
  readonly header: string
  readonly persistent: boolean
  readonly expirationMs?: number
}

export interface Death {
  readonly queue: string
  readonly reason: string
  readonly count: number
}

export interface Delivery {
  /** Names the delivery in `settle`; whatever the client hands out, as a number. */
  readonly tag: number
  readonly body: string
  readonly messageId: string
  readonly header: string
  readonly persistent: boolean
  readonly redelivered: boolean
  readonly exchange: string
  readonly routingKey: string
  /** The header `x-death`, newest first; empty if there is none. */
  readonly deaths: readonly Death[]
}

export interface Publish {
  readonly exchange: string
  readonly routingKey: string
  readonly mandatory: boolean
  readonly messages: readonly Message[]
}

export interface QueueState {
  readonly messages: number
  readonly consumers: number
}

/** Arguments of a declaration: strings, whole numbers and booleans. */
export type Arguments = Readonly<Record<string, string | number | boolean>>

export interface AmqpCommands {
  declareExchange: [{ exchange: string; type: string }, null]
  declareQueue: [{ queue: string; arguments: Arguments }, null]
  bind: [{ queue: string; exchange: string; routingKey: string; arguments: Arguments }, null]
  /** Resolves when every message is confirmed; how many came back as unroutable. */
  publish: [Publish, { returned: number }]
  /** A passive declaration; null if there is no such queue, and the client works on. */
  inspect: [{ queue: string }, QueueState | null]
  consume: [{ consumer: string; queue: string; prefetch: number }, null]
  /** What the consumer received since it was last asked. */
  take: [{ consumer: string }, readonly Delivery[]]
  settle: [{ consumer: string; tags: readonly number[]; how: 'ack' | 'requeue' | 'discard' }, null]
  cancel: [{ consumer: string }, null]
  /** Takes one message and acknowledges it; null if the queue is empty. */
  get: [{ queue: string }, Delivery | null]
  /** How many messages went. */
  purge: [{ queue: string }, number]
  deleteQueue: [{ queue: string }, null]
  /** Asked after a restart: connects anew where the client does not do it by itself. */
  reconnect: [Readonly<Record<string, never>>, null]
}
