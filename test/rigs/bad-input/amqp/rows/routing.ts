// Row 20: exchanges with bindings that would make routing slow. What one publisher makes the node
// work must not keep the others waiting: the rig measures the longest gap of the client that
// behaves.
import { basic } from '../../../../../src/protocol/amqp/methods/basic-methods.ts'
import { exchange, queue } from '../../../../../src/protocol/amqp/methods/topology-methods.ts'
import { emptyTable, entry, longstr, table, uint16 } from '../../../amqp/tables.ts'
import type { AmqpCase, AmqpWorld } from '../amqp-case.ts'
import type { AmqpClient } from '../amqp-client.ts'
import { declared } from './greedy.ts'

const text = (value: string): Buffer => Buffer.concat([Buffer.from('S'), longstr(value)])

interface Plan {
  readonly type: string
  readonly bindings: number
  readonly key: (i: number) => string
  readonly table?: (i: number) => Buffer
  readonly publishes: number
  readonly publishKey: (i: number) => string
  readonly properties?: Buffer
}

/** Binds one queue so often, publishes with confirms, and takes all away again. */
async function play({ connect, note }: AmqpWorld, plan: Plan): Promise<string> {
  const client = await (await connect()).open()
  const name = `slow-${plan.type}`
  const said = { ...declared, durable: false, internal: false }
  const made = { ...said, exchange: name, type: plan.type }
  await client.call(1, exchange.declare, made, exchange.declareOk)
  await client.call(1, queue.declare, { ...said, queue: name }, queue.declareOk)
  await bindAll(client, name, plan)
  await client.confirms(2)
  const began = performance.now()
  for (let i = 0; i < plan.publishes; i++)
    client.publish(2, name, plan.publishKey(i), Buffer.from('x'), plan.properties)
  for (let at = 0; at < plan.publishes; )
    at = Number((await client.until(basic.ack, 60_000)).payload.readBigUInt64BE(4))
  const us = ((performance.now() - began) * 1_000) / plan.publishes
  note(`${us.toFixed(0)} us for each of ${plan.publishes} messages`)
  await client.call(1, exchange.delete, { exchange: name }, exchange.deleteOk)
  await client.call(1, queue.delete, { queue: name }, queue.deleteOk)
  return 'all confirmed'
}

async function bindAll(client: AmqpClient, name: string, plan: Plan): Promise<void> {
  for (let i = 0; i < plan.bindings; i++) {
    const isLast = i === plan.bindings - 1
    const wish = { queue: name, exchange: name, routingKey: plan.key(i), nowait: !isLast }
    client.method(1, queue.bind, { ...wish, arguments: plan.table?.(i) ?? emptyTable })
  }
  await client.until(queue.bindOk, 60_000)
}

const words = (i: number, count: number, of: readonly string[]): string => {
  let [left, key] = [i, '']
  for (let at = 0; at < count; at++) {
    key += `${at === 0 ? '' : '.'}${of[left % of.length]}`
    left = Math.floor(left / of.length)
  }
  return key
}

const longKey = Array.from({ length: 127 }, () => 'a').join('.')

const hashes: AmqpCase = {
  row: 20,
  sent: 'bindings #.#.#…, #.a.#.a… and all mixtures of a, * and #, and keys of 127 words',
  answer: 'all confirmed',
  run: (world) =>
    play(world, {
      type: 'topic',
      bindings: world.isShort ? 2_000 : 10_000,
      key: (i) => (i === 0 ? words(0, 127, ['#']) : `${words(i, 24, ['a', '*', '#'])}.#.a`),
      publishes: world.isShort ? 20 : 100,
      publishKey: (i) => longKey.slice(0, 2 * (127 - (i % 40)) - 1),
    }),
}

const many: AmqpCase = {
  row: 20,
  sent: '100,000 bindings of a topic exchange, and 20,000 keys',
  answer: 'all confirmed',
  isLong: true,
  run: (world) =>
    play(world, {
      type: 'topic',
      bindings: 100_000,
      key: (i) => `stock.${i % 100}.*.n${i}.#`,
      publishes: 20_000,
      publishKey: (i) => `stock.${i % 100}.x.n${i}.y.z`,
    }),
}

const headers: AmqpCase = {
  row: 20,
  sent: '20,000 bindings of a headers exchange, and 200 messages',
  answer: 'all confirmed',
  run: (world) =>
    play(world, {
      type: 'headers',
      bindings: world.isShort ? 2_000 : 20_000,
      key: () => '',
      table: (i) => table(entry('a', text('1')), entry('b', text(String(i)))),
      publishes: 200,
      publishKey: () => '',
      properties: Buffer.concat([
        uint16(1 << 13),
        table(entry('a', text('1')), entry('b', text('none'))),
      ]),
    }),
}

export const routing: readonly AmqpCase[] = [hashes, many, headers]
