// rabbitmq-client: publishers and consumers that come back by themselves. A consumer's handler
// answers what shall become of a message when the runner has said it.
import { setImmediate } from 'node:timers/promises'
import { deathsOf, Inbox, load, serve, url } from './serve.mjs'

const { Connection, ConsumerStatus } = load('rabbitmq-client')
const rabbit = new Connection({ url, retryLow: 200, retryHigh: 1_000 })
rabbit.on('error', (error) => process.stderr.write(`${error.message}\n`))
await rabbit.onConnect(10_000)
const publisher = rabbit.createPublisher({ confirm: true })
let returned = 0
publisher.on('basic.return', () => {
  returned++
})
const consumers = new Map()

const deliveryOf = (message) => ({
  body: String(message.body ?? ''),
  messageId: message.messageId,
  header: String(message.headers.case),
  persistent: message.durable === true,
  redelivered: message.redelivered,
  exchange: message.exchange,
  routingKey: message.routingKey,
  deaths: deathsOf(message.headers),
})

const statuses = {
  ack: ConsumerStatus.ACK,
  requeue: ConsumerStatus.REQUEUE,
  discard: ConsumerStatus.DROP,
}

const handlers = {
  declareExchange: async ({ exchange, type }) => {
    await rabbit.exchangeDeclare({ exchange, type, durable: true })
  },

  declareQueue: async ({ queue, arguments: args }) => {
    await rabbit.queueDeclare({ queue, durable: true, arguments: args })
  },

  bind: async ({ queue, exchange, routingKey, arguments: args }) => {
    await rabbit.queueBind({ queue, exchange, routingKey, arguments: args })
  },

  publish: async ({ exchange, routingKey, mandatory, messages }) => {
    returned = 0
    await Promise.all(
      messages.map(({ body, messageId, header, persistent, expirationMs }) => {
        const envelope = {
          ...{ exchange, routingKey, mandatory, messageId, durable: persistent },
          headers: { case: header },
          ...(expirationMs === undefined ? {} : { expiration: String(expirationMs) }),
        }
        return publisher.send(envelope, Buffer.from(body))
      }),
    )
    // What came back is told in a later turn of the loop than the confirm behind it.
    await setImmediate()
    return { returned }
  },

  inspect: async ({ queue }) => {
    const channel = await rabbit.acquire({ emitErrorsFromChannel: true })
    channel.on('error', () => 0)
    try {
      const { messageCount, consumerCount } = await channel.queueDeclare({ queue, passive: true })
      await channel.close()
      return { messages: messageCount, consumers: consumerCount }
    } catch (error) {
      if (error.code !== 'NOT_FOUND') throw error
      return null
    }
  },

  consume: async ({ consumer, queue, prefetch }) => {
    const inbox = new Inbox()
    const received = (message) =>
      new Promise((resolve) => inbox.add(message.deliveryTag, resolve, deliveryOf(message)))
    const options = { queue, queueOptions: { passive: true }, qos: { prefetchCount: prefetch } }
    const running = rabbit.createConsumer(options, received)
    running.on('error', (error) => process.stderr.write(`${error.message}\n`))
    await new Promise((resolve) => running.once('ready', resolve))
    consumers.set(consumer, { running, inbox })
  },

  take: async ({ consumer }) => consumers.get(consumer).inbox.handOut(),

  settle: async ({ consumer, tags, how }) => {
    const { inbox } = consumers.get(consumer)
    for (const tag of tags) inbox.settled(tag)(statuses[how])
  },

  cancel: async ({ consumer }) => {
    await consumers.get(consumer).running.close()
    consumers.delete(consumer)
  },

  get: async ({ queue }) => {
    const channel = await rabbit.acquire()
    const message = await channel.basicGet(queue)
    if (message) channel.basicAck({ deliveryTag: message.deliveryTag })
    await channel.close()
    return message ? { tag: 0, ...deliveryOf(message) } : null
  },

  purge: async ({ queue }) => (await rabbit.queuePurge(queue)).messageCount,

  deleteQueue: async ({ queue }) => {
    await rabbit.queueDelete(queue)
  },

  /** It does so by itself, when the handlers of what it had before have ended. */
  reconnect: async () => {
    for (const { inbox } of consumers.values())
      for (const resolve of inbox.abandoned()) resolve(ConsumerStatus.REQUEUE)
  },
}

await serve(handlers, async () => {
  await publisher.close()
  await rabbit.close()
})
