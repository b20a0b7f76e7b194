// What exchanges and queues were declared as. Values that do not change during their life.
import type { TopicId } from '../../model/ids.ts'
import { type FieldTable, noFields } from '../../model/message/field.ts'
import { routingType } from '../../routing/exchange-types.ts'

export interface ExchangeDefinition {
  readonly name: string
  readonly type: string
  readonly durable: boolean
  readonly autoDelete: boolean
  readonly internal: boolean
  readonly arguments: FieldTable
  /** Of the log in which messages wait, if it delays them. */
  readonly topic?: TopicId | undefined
}

export interface QueueDefinition {
  readonly name: string
  /** Never true for an exclusive one. */
  readonly durable: boolean
  readonly autoDelete: boolean
  readonly arguments: FieldTable
  /** Of its partitions in the log. */
  readonly topic: TopicId
}

const own = (name: string, type: string, internal = false): ExchangeDefinition => ({
  name,
  type,
  durable: true,
  autoDelete: false,
  internal,
  arguments: noFields,
})

/** Those that every vhost has; they are not kept in the metadata. */
export const ownExchanges: readonly ExchangeDefinition[] = [
  own('', 'direct'),
  own('amq.direct', 'direct'),
  own('amq.fanout', 'fanout'),
  own('amq.topic', 'topic'),
  own('amq.headers', 'headers'),
  own('amq.match', 'headers'),
  own('amq.rabbitmq.trace', 'topic', true),
]

export const reservedPrefix = 'amq.'

/** Whether an exchange is one of those. */
export const isOwn = (name: string): boolean => ownExchanges.some((own) => own.name === name)

/** Whether topic permissions hold for it. */
export const routesByTopic = ({ type, arguments: table }: ExchangeDefinition): boolean =>
  routingType(type, table) === 'topic'

/** Clients send line breaks at the ends of names, and mean none. */
export const cleanName = (name: string): string => name.replaceAll(/[\r\n]/g, '')
