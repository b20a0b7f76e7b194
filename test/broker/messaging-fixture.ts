// Sessions over a node in memory, and consumers that remember what they got: what the tests of
// queues use.
import assert from 'node:assert/strict'
import type { NodeBroker } from '../../src/broker/broker.ts'
import type {
  BindingWish,
  Consumer,
  ConsumeWish,
  ExchangeWish,
  QueueWish,
  Session,
  Subscription,
  Vhost,
} from '../../src/broker/messaging/api.ts'
import type { Disk } from '../../src/io/disk.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import type { Result } from '../../src/model/errors.ts'
import {
  type FieldTable,
  type FieldValue,
  noFields,
  textField,
} from '../../src/model/message/field.ts'
import { MessageView } from '../../src/model/message/message.ts'
import {
  buildProperties,
  octetProperty,
  type PropertyValue,
  property,
  tableProperty,
  textProperty,
} from '../../src/model/message/properties.ts'
import { withNodeOn } from './node-fixture.ts'

export function value<T>(result: Result<T>): T {
  assert.ok(result.ok, result.ok ? '' : `${result.error}: ${result.message}`)
  return result.value
}

/** The error's name and its words. */
export const refusal = (result: Result<unknown>): string =>
  result.ok ? 'ok' : `${result.error}: ${result.message}`

export const withMessaging = (
  use: (node: NodeBroker) => Promise<void>,
  disk: Disk = memoryDisk(),
): Promise<void> =>
  withNodeOn(disk, {}, async (node) => {
    await node.accounts.makeDefaultUser()
    await use(node)
  })

export const sessionOf = (node: NodeBroker, vhost = '/'): Session =>
  value(node.messaging.open({ vhost, user: 'guest', name: 'test' }))

/** Small numbers and texts, as clients in scripts write them. */
export function table(entries: Readonly<Record<string, string | number | boolean>>): FieldTable {
  const fields = Object.entries(entries).map(([name, each]): [string, FieldValue] => {
    if (typeof each === 'string') return [name, textField(each)]
    if (typeof each === 'boolean') return [name, { type: 't', value: each }]
    return [name, { type: 'I', value: each }]
  })
  return new Map(fields)
}

export const queueWish = (name: string, wish: Partial<QueueWish> = {}): QueueWish => ({
  name,
  durable: true,
  exclusive: false,
  autoDelete: false,
  arguments: noFields,
  ...wish,
})

export const exchangeWish = (
  name: string,
  type: string,
  wish: Partial<ExchangeWish> = {},
): ExchangeWish => ({
  name,
  type,
  durable: true,
  autoDelete: false,
  internal: false,
  arguments: noFields,
  ...wish,
})

export const bindingWish = (
  source: string,
  destination: string,
  routingKey = '',
  args: FieldTable = noFields,
): BindingWish => ({ source, destination, routingKey, arguments: args })

export interface Sent {
  readonly headers?: FieldTable
  readonly expiration?: string
  readonly priority?: number
  readonly transient?: boolean
}

export function messageTo(exchange: string, key: string, body: string, sent: Sent = {}) {
  const properties: PropertyValue[] = [
    octetProperty(property.deliveryMode, sent.transient === true ? 1 : 2),
  ]
  if (sent.headers !== undefined) properties.push(tableProperty(sent.headers))
  if (sent.priority !== undefined) properties.push(octetProperty(property.priority, sent.priority))
  if (sent.expiration !== undefined)
    properties.push(textProperty(property.expiration, sent.expiration))
  return new MessageView().set(exchange, key, buildProperties(properties), Buffer.from(body))
}

/** Returns the flags. */
export function publish(vhost: Vhost, exchange: string, key: string, body: string, sent?: Sent) {
  return value(vhost.publisher(exchange)).publish(messageTo(exchange, key, body, sent))
}

/** Resolves when all that was published and settled is durable. */
export const confirmed = (node: NodeBroker): Promise<void> =>
  new Promise((resolve) => node.messaging.flush(resolve))

export interface Delivery {
  readonly id: number
  readonly body: string
  readonly exchange: string
  readonly routingKey: string
  readonly redelivered: boolean
  readonly headers: FieldTable
  readonly expiration: string | null
}

export class TestConsumer implements Consumer {
  room = 100
  readonly deliveries: Delivery[] = []
  readonly reasons: string[] = []
  #waiter: { readonly count: number; readonly done: () => void } | null = null

  get bodies(): string[] {
    return this.deliveries.map((d) => d.body)
  }

  deliver(id: number, message: MessageView, redelivered: boolean): void {
    const { exchange, routingKey, headers, expiration } = message
    const body = Buffer.from(message.body).toString()
    this.room--
    this.deliveries.push({ id, body, exchange, routingKey, redelivered, headers, expiration })
    this.#look()
  }

  cancelled(reason: string): void {
    this.reasons.push(reason)
  }

  /** Resolves when there are so many deliveries. */
  async has(count: number): Promise<this> {
    await new Promise<void>((done) => {
      this.#waiter = { count, done }
      this.#look()
    })
    return this
  }

  #look(): void {
    if (this.#waiter === null || this.deliveries.length < this.#waiter.count) return
    this.#waiter.done()
    this.#waiter = null
  }
}

export async function consume(
  vhost: Vhost,
  queue: string,
  consumer: Consumer,
  wish: Partial<ConsumeWish> = {},
): Promise<Subscription> {
  const subscription = value(
    await vhost.consume(
      {
        queue,
        tag: 'tag',
        settled: false,
        exclusive: false,
        priority: 0,
        arguments: noFields,
        ...wish,
      },
      consumer,
    ),
  )
  subscription.resume()
  return subscription
}

/** The body of the next message, which is settled; null: there is none. */
export async function take(vhost: Vhost, queue: string): Promise<string | null> {
  const got = value(await vhost.get(queue, true))
  return got === null ? null : Buffer.from(got.message.body).toString()
}
