// A NestJS microservice over RabbitMQ's transport, and the proxy that other services use: events
// with manual acknowledgements, requests with answers (amq.rabbitmq.reply-to), several at once.
import assert from 'node:assert/strict'
import { end, eventually, it, restart } from './cases.mjs'
import { load, url } from './serve.mjs'

load('reflect-metadata')
const { Controller, Module } = load('@nestjs/common')
const { NestFactory } = load('@nestjs/core')
const microservices = load('@nestjs/microservices')
const { firstValueFrom, timeout, toArray } = load('rxjs')
const { ClientProxyFactory, Ctx, EventPattern, MessagePattern, Payload, Transport } = microservices

const events = []

class Sums {
  sum(numbers) {
    return numbers.reduce((a, b) => a + b, 0)
  }

  async ordered(data, context) {
    const message = context.getMessage()
    events.push({ ...data, redelivered: message.fields.redelivered })
    const channel = context.getChannelRef()
    if (data.fails && !message.fields.redelivered) channel.nack(message, false, true)
    else channel.ack(message)
  }

  fail() {
    throw new microservices.RpcException('no such thing')
  }
}

const method = (name) => Object.getOwnPropertyDescriptor(Sums.prototype, name)
Payload()(Sums.prototype, 'sum', 0)
MessagePattern('sum')(Sums.prototype, 'sum', method('sum'))
MessagePattern('fail')(Sums.prototype, 'fail', method('fail'))
Payload()(Sums.prototype, 'ordered', 0)
Ctx()(Sums.prototype, 'ordered', 1)
EventPattern('ordered')(Sums.prototype, 'ordered', method('ordered'))
Controller()(Sums)

class Service {}
Module({ controllers: [Sums] })(Service)

const socketOptions = { reconnectTimeInSeconds: 1, heartbeatIntervalInSeconds: 5 }
const queueOf = (queue, noAck) => ({
  transport: Transport.RMQ,
  options: {
    ...{ urls: [url], queue, noAck, prefetchCount: 10, persistent: true, socketOptions },
    queueOptions: { durable: true },
  },
})

const service = async (queue, noAck) => {
  const app = await NestFactory.createMicroservice(Service, {
    ...queueOf(queue, noAck),
    logger: ['fatal'],
  })
  await app.listen()
  return app
}

const requests = await service('nest.requests', true)
const orders = await service('nest.orders', false)
const requestClient = ClientProxyFactory.create(queueOf('nest.requests', true))
const orderClient = ClientProxyFactory.create(queueOf('nest.orders', true))
await requestClient.connect()
await orderClient.connect()

/** What was asked while the broker was away may never be answered. */
const sum = (numbers) => firstValueFrom(requestClient.send('sum', numbers).pipe(timeout(5_000)))
const order = (data) => firstValueFrom(orderClient.emit('ordered', data), { defaultValue: null })
const ordered = (count) =>
  eventually(
    () => events.length === count,
    () => `${events.length} events came, not ${count}`,
  )

await it('answers requests, many at once', async () => {
  const sums = Array.from({ length: 50 }, (_, i) => sum([i, i, 1]))
  assert.deepEqual(
    await Promise.all(sums),
    sums.map((_, i) => 2 * i + 1),
  )
})

await it('an error comes back to who asked', async () => {
  const answer = firstValueFrom(requestClient.send('fail', {}).pipe(toArray()))
  await assert.rejects(answer, (error) => /no such thing/.test(JSON.stringify(error) + error))
})

await it('events are taken in order and acknowledged', async () => {
  for (let i = 0; i < 20; i++) await order({ i })
  await ordered(20)
  assert.deepEqual(
    events.map(({ i }) => i),
    Array.from({ length: 20 }, (_, i) => i),
  )
})

await it('an event that was not acknowledged comes again', async () => {
  events.length = 0
  await order({ i: 1, fails: true })
  await ordered(2)
  assert.deepEqual(
    events.map(({ redelivered }) => redelivered),
    [false, true],
  )
})

await restart()

await it('after a restart goes on by itself', async () => {
  events.length = 0
  await eventually(
    async () => (await sum([1, 2]).catch(() => 0)) === 3,
    () => 'requests are not answered',
  )
  await order({ i: 7 })
  await ordered(1)
})

await it('closes', async () => {
  await requestClient.close()
  await orderClient.close()
  await requests.close()
  await orders.close()
})
end()
