// amqp-connection-manager over amqplib: channels that are set up again after every reconnect, with
// their consumers, and publish what was not confirmed.
import { deathsOf, Inbox, load, serve, url } from './serve.mjs'

const { connect } = load('amqp-connection-manager')
const manager = connect([url], { reconnectTimeInSeconds: 1, heartbeatIntervalInSeconds: 5 })
const publisher = manager.createChannel({ confirm: true })
let returned = 0
await publisher.addSetup((channel) => {
  channel.on('return', () => {
    returned++
  })
})
await publisher.waitForConnect()
const consumers = new Map()

const deliveryOf = ({ content, fields, properties }) => ({
  body: content.toString(),
  messageId: properties.messageId,
  header: String(properties.headers.case),
  persistent: properties.deliveryMode === 2,
  redelivered: fields.redelivered,
  exchange: fields.exchange,
  routingKey: fields.routingKey,
  deaths: deathsOf(properties.headers),
})

const settlers = {
  ack: (channel, message) => channel.ack(message),
  requeue: (channel, message) => channel.nack(message, false, true),
  discard: (channel, message) => channel.nack(message, false, false),
}

const handlers = {
  declareExchange: async ({ exchange, type }) => {
    await publisher.assertExchange(exchange, type, { durable: true })
  },

  declareQueue: async ({ queue, arguments: args }) => {
    await publisher.assertQueue(queue, { durable: true, arguments: args })
  },

  bind: async ({ queue, exchange, routingKey, arguments: args }) => {
    await publisher.bindQueue(queue, exchange, routingKey, args)
  },

  publish: async ({ exchange, routingKey, mandatory, messages }) => {
    returned = 0
    await Promise.all(
      messages.map(({ body, messageId, header, persistent, expirationMs }) =>
        publisher.publish(exchange, routingKey, Buffer.from(body), {
          ...{ mandatory, messageId, persistent, headers: { case: header } },
          ...(expirationMs === undefined ? {} : { expiration: expirationMs }),
        }),
      ),
    )
    return { returned }
  },

  inspect: async ({ queue }) => {
    // An error of amqplib's own channel that nobody listens to takes the connection along.
    const setup = async (under) => under.on('error', () => 0)
    const channel = manager.createChannel({ confirm: false, setup })
    channel.on('error', () => 0)
    try {
      await channel.waitForConnect()
      const { messageCount, consumerCount } = await channel.checkQueue(queue)
      return { messages: messageCount, consumers: consumerCount }
    } catch (error) {
      if (error.code !== 404) throw error
      return null
    } finally {
      await channel.close()
    }
  },

  consume: async ({ consumer, queue, prefetch }) => {
    const channel = manager.createChannel({ confirm: false })
    channel.on('error', (error) => process.stderr.write(`${error.message}\n`))
    const inbox = new Inbox()
    await channel.waitForConnect()
    const received = (message) =>
      inbox.add(message.fields.deliveryTag, message, deliveryOf(message))
    await channel.consume(queue, received, { prefetch })
    consumers.set(consumer, { channel, inbox })
  },

  take: async ({ consumer }) => consumers.get(consumer).inbox.handOut(),

  settle: async ({ consumer, tags, how }) => {
    const { channel, inbox } = consumers.get(consumer)
    for (const tag of tags) settlers[how](channel, inbox.settled(tag))
  },

  cancel: async ({ consumer }) => {
    const { channel } = consumers.get(consumer)
    await channel.cancelAll()
    await channel.close()
    consumers.delete(consumer)
  },

  get: async ({ queue }) => {
    const message = await publisher.get(queue)
    if (!message) return null
    publisher.ack(message)
    return { tag: 0, ...deliveryOf(message) }
  },

  purge: async ({ queue }) => (await publisher.purgeQueue(queue)).messageCount,

  deleteQueue: async ({ queue }) => {
    await publisher.deleteQueue(queue)
  },

  /** It does so by itself. */
  reconnect: async () => null,
}

await serve(handlers, () => manager.close())
