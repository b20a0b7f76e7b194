// amqplib, its promise interface: one confirm channel to publish on, one channel a consumer, and
// one for each question that the broker may answer by closing the channel.
import { deathsOf, Inbox, load, serve, url } from './serve.mjs'

const amqplib = load('amqplib')
let connection = null
let publisher = null
let returned = 0
const consumers = new Map()

const connect = async () => {
  connection = await amqplib.connect(url)
  connection.on('error', (error) => process.stderr.write(`${error.message}\n`))
  publisher = await connection.createConfirmChannel()
  publisher.on('error', (error) => process.stderr.write(`${error.message}\n`))
  publisher.on('return', () => {
    returned++
  })
}
await connect()

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
  discard: (channel, message) => channel.reject(message, false),
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
    for (const { body, messageId, header, persistent, expirationMs } of messages)
      publisher.publish(exchange, routingKey, Buffer.from(body), {
        ...{ mandatory, messageId, persistent, headers: { case: header } },
        ...(expirationMs === undefined ? {} : { expiration: expirationMs }),
      })
    await publisher.waitForConfirms()
    return { returned }
  },

  inspect: async ({ queue }) => {
    const channel = await connection.createChannel()
    channel.on('error', () => 0)
    try {
      const { messageCount, consumerCount } = await channel.checkQueue(queue)
      await channel.close()
      return { messages: messageCount, consumers: consumerCount }
    } catch (error) {
      if (error.code !== 404) throw error
      return null
    }
  },

  consume: async ({ consumer, queue, prefetch }) => {
    const channel = await connection.createChannel()
    channel.on('error', (error) => process.stderr.write(`${error.message}\n`))
    await channel.prefetch(prefetch)
    const inbox = new Inbox()
    const { consumerTag } = await channel.consume(queue, (message) => {
      if (message !== null) inbox.add(message.fields.deliveryTag, message, deliveryOf(message))
    })
    consumers.set(consumer, { channel, consumerTag, inbox })
  },

  take: async ({ consumer }) => consumers.get(consumer).inbox.handOut(),

  settle: async ({ consumer, tags, how }) => {
    const { channel, inbox } = consumers.get(consumer)
    for (const tag of tags) settlers[how](channel, inbox.settled(tag))
  },

  cancel: async ({ consumer }) => {
    const { channel, consumerTag } = consumers.get(consumer)
    await channel.cancel(consumerTag)
    await channel.close()
    consumers.delete(consumer)
  },

  get: async ({ queue }) => {
    const message = await publisher.get(queue)
    if (message === false) return null
    publisher.ack(message)
    return { tag: 0, ...deliveryOf(message) }
  },

  purge: async ({ queue }) => (await publisher.purgeQueue(queue)).messageCount,

  deleteQueue: async ({ queue }) => {
    await publisher.deleteQueue(queue)
  },

  reconnect: async () => {
    consumers.clear()
    await connect()
  },
}

await serve(handlers, () => connection.close())
