// @cloudamqp/amqp-client: one channel to publish on, one a consumer, and one for each question that
// the broker may answer by closing the channel.
import { deathsOf, Inbox, load, serve, url } from './serve.mjs'

const { AMQPClient } = load('@cloudamqp/amqp-client')
let connection = null
let publisher = null
let returned = 0
const consumers = new Map()

const connect = async () => {
  connection = await new AMQPClient(url).connect()
  publisher = await connection.channel()
  await publisher.confirmSelect()
  publisher.onReturn = () => {
    returned++
  }
}
await connect()

const deliveryOf = (message) => ({
  body: message.bodyString() ?? '',
  messageId: message.properties.messageId,
  header: String(message.properties.headers.case),
  persistent: message.properties.deliveryMode === 2,
  redelivered: message.redelivered,
  exchange: message.exchange,
  routingKey: message.routingKey,
  deaths: deathsOf(message.properties.headers),
})

const settlers = {
  ack: (message) => message.ack(),
  requeue: (message) => message.nack(true),
  discard: (message) => message.reject(false),
}

const handlers = {
  declareExchange: async ({ exchange, type }) => {
    await publisher.exchangeDeclare(exchange, type, { durable: true })
  },

  declareQueue: async ({ queue, arguments: args }) => {
    await publisher.queueDeclare(queue, { durable: true }, args)
  },

  bind: async ({ queue, exchange, routingKey, arguments: args }) => {
    await publisher.queueBind(queue, exchange, routingKey, args)
  },

  publish: async ({ exchange, routingKey, mandatory, messages }) => {
    returned = 0
    await Promise.all(
      messages.map(({ body, messageId, header, persistent, expirationMs }) => {
        const properties = {
          ...{ messageId, deliveryMode: persistent ? 2 : 1, headers: { case: header } },
          ...(expirationMs === undefined ? {} : { expiration: String(expirationMs) }),
        }
        return publisher.basicPublish(exchange, routingKey, body, properties, mandatory)
      }),
    )
    return { returned }
  },

  inspect: async ({ queue }) => {
    const channel = await connection.channel()
    try {
      const { messageCount, consumerCount } = await channel.queueDeclare(queue, { passive: true })
      await channel.close()
      return { messages: messageCount, consumers: consumerCount }
    } catch (error) {
      if (!/404|NOT_FOUND/.test(error.message)) throw error
      return null
    }
  },

  consume: async ({ consumer, queue, prefetch }) => {
    const channel = await connection.channel()
    await channel.basicQos(prefetch)
    const inbox = new Inbox()
    const running = await channel.basicConsume(queue, { noAck: false }, (message) =>
      inbox.add(message.deliveryTag, message, deliveryOf(message)),
    )
    consumers.set(consumer, { channel, running, inbox })
  },

  take: async ({ consumer }) => consumers.get(consumer).inbox.handOut(),

  settle: async ({ consumer, tags, how }) => {
    const { inbox } = consumers.get(consumer)
    for (const tag of tags) await settlers[how](inbox.settled(tag))
  },

  cancel: async ({ consumer }) => {
    const { channel, running } = consumers.get(consumer)
    await running.cancel()
    await channel.close()
    consumers.delete(consumer)
  },

  get: async ({ queue }) => {
    const message = await publisher.basicGet(queue, { noAck: false })
    if (message === null) return null
    await message.ack()
    return { tag: 0, ...deliveryOf(message) }
  },

  purge: async ({ queue }) => (await publisher.queuePurge(queue)).messageCount,

  deleteQueue: async ({ queue }) => {
    await publisher.queueDelete(queue)
  },

  reconnect: async () => {
    consumers.clear()
    await connect()
  },
}

await serve(handlers, () => connection.close())
