// rascal: queues, exchanges, bindings, publications and subscriptions from one configuration, with
// its own recovery: retries by republishing, and dead letters.
import assert from 'node:assert/strict'
import { end, eventually, it, restart } from './cases.mjs'
import { load, url } from './serve.mjs'

const { BrokerAsPromised, withDefaultConfig } = load('rascal')

const dead = { deadLetterExchange: 'rascal.dead', deadLetterRoutingKey: 'lost' }
const config = withDefaultConfig({
  vhosts: {
    '/': {
      connection: { url, retry: { min: 200, max: 1_000, strategy: 'linear' } },
      exchanges: { 'rascal.in': { type: 'topic' }, 'rascal.dead': { type: 'direct' } },
      queues: {
        'rascal.jobs': { options: { arguments: {}, ...dead } },
        'rascal.lost': {},
      },
      bindings: {
        jobs: { source: 'rascal.in', destination: 'rascal.jobs', bindingKey: 'job.#' },
        lost: { source: 'rascal.dead', destination: 'rascal.lost', bindingKey: 'lost' },
      },
      publications: {
        job: { exchange: 'rascal.in', routingKey: 'job.new', confirm: true },
        nowhere: {
          ...{ exchange: 'rascal.in', routingKey: 'nowhere', confirm: true },
          options: { mandatory: true },
        },
      },
      subscriptions: {
        jobs: { queue: 'rascal.jobs', prefetch: 5, contentType: 'application/json' },
        lost: { queue: 'rascal.lost', contentType: 'application/json' },
      },
    },
  },
})

const broker = await BrokerAsPromised.create(config)
broker.on('error', (error) => process.stderr.write(`${error.message}\n`))
broker.on('vhost_initialised', () => 0)

const publish = async (publication, body) => {
  const sending = await broker.publish(publication, body)
  return new Promise((resolve, reject) => {
    sending.on('success', () => resolve('success'))
    sending.on('return', () => resolve('return'))
    sending.on('error', reject)
  })
}

const seen = []
const lost = []
const tries = new Map()
const recovery = [
  { strategy: 'republish', attempts: 3, defer: 50 },
  { strategy: 'nack', requeue: false },
]
const jobs = await broker.subscribe('jobs')
jobs.on('error', (error) => process.stderr.write(`${error.message}\n`))
jobs.on('message', (_message, content, ackOrNack) => {
  seen.push(content.name)
  const count = (tries.get(content.name) ?? 0) + 1
  tries.set(content.name, count)
  if (count <= content.fails) ackOrNack(new Error(`${content.name} fails`), recovery)
  else ackOrNack()
})
const losses = await broker.subscribe('lost')
losses.on('error', (error) => process.stderr.write(`${error.message}\n`))
losses.on('message', (message, content, ackOrNack) => {
  lost.push({ name: content.name, death: message.properties.headers['x-death'][0] })
  ackOrNack()
})

const came = (name, count) =>
  eventually(
    () => tries.get(name) === count,
    () => `${name} came ${tries.get(name)} times, not ${count}`,
  )

await it('publishes with confirms, consumes', async () => {
  const names = Array.from({ length: 50 }, (_, i) => `plain-${i}`)
  for (const name of names) assert.equal(await publish('job', { name, fails: 0 }), 'success')
  await eventually(
    () => seen.length === names.length,
    () => `${seen.length} came`,
  )
  assert.deepEqual(seen, names)
})

await it('tells of what no queue took', async () =>
  assert.equal(await publish('nowhere', { name: 'nowhere', fails: 0 }), 'return'))

await it('republishes what failed until it does not', async () => {
  await publish('job', { name: 'stubborn', fails: 2 })
  await came('stubborn', 3)
})

await it('dead-letters what fails too often', async () => {
  await publish('job', { name: 'hopeless', fails: 99 })
  await eventually(
    () => lost.length === 1,
    () => 'no dead letter came',
  )
  const [{ name, death }] = lost
  assert.equal(name, 'hopeless')
  assert.deepEqual(
    { queue: death.queue, reason: death.reason, count: Number(death.count) },
    { queue: 'rascal.jobs', reason: 'rejected', count: 1 },
  )
  assert.equal(tries.get('hopeless'), 4)
})

await restart()

await it('after a restart goes on by itself', async () => {
  assert.equal(await publish('job', { name: 'after', fails: 0 }), 'success')
  await came('after', 1)
})

await it('shuts down', () => broker.shutdown())
end()
