// A process of its own that publishes and consumes until it is killed: `node queue-load.js URL
// LEDGER NAME SEED`. Publishers wait for confirms; consumers acknowledge, reject, requeue, and
// publish behind it on the same channel: its confirm makes certain what they settled before.
import amqplib from 'amqplib'
import { SimChance } from '../../../src/io/sim/sim-chance.ts'
import { contentOf } from './ledger.ts'
import {
  fanout,
  noteConfirmed,
  noteSent,
  noteSettled,
  noteSettling,
  routes,
  type Settlement,
} from './queue-ledger.ts'

const [url = '', ledger = '', name = '', seed = ''] = process.argv.slice(2)
const chance = new SimChance(Number(seed))
const inFlightMax = 100
const prefetch = 40
const settlementsPerMark = 20
const wide = { priority: 0, persistent: true }
let messages = 0

type Channel = amqplib.ConfirmChannel

/** Resolves with the confirm. */
function publish(channel: Channel, exchange: string, queue: string, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = { ...wide, priority: chance.int(5) }
    channel.publish(exchange, queue, Buffer.from(body), options, (refused: unknown) =>
      refused === null || refused === undefined ? resolve() : reject(refused as Error),
    )
  })
}

async function send(channel: Channel): Promise<void> {
  const key = `${name}-${messages++}`
  const kinds = Object.keys(routes)
  const route = kinds[chance.int(kinds.length)] as string
  const [queue = ''] = routes[route] ?? []
  noteSent(ledger, key, route)
  await publish(channel, route === 'f' ? fanout : '', route === 'f' ? '' : queue, contentOf(key))
  noteConfirmed(ledger, key, route)
}

async function produce(connection: amqplib.ChannelModel): Promise<void> {
  const channel = await connection.createConfirmChannel()
  const worker = async (): Promise<void> => {
    for (;;) await send(channel)
  }
  await Promise.all(Array.from({ length: inFlightMax }, worker))
}

async function consume(connection: amqplib.ChannelModel, queue: string): Promise<void> {
  const channel = await connection.createConfirmChannel()
  await channel.prefetch(prefetch)
  let unsure: Settlement[] = []
  const mark = async (): Promise<void> => {
    const settled = unsure
    unsure = []
    await publish(channel, '', 'marks', 'mark')
    noteSettled(ledger, settled)
  }
  await channel.consume(queue, (message) => {
    if (message === null) return
    const key = keyIn(message.content)
    const drawn = chance.int(10)
    if (drawn < 3) {
      channel.nack(message, false, true)
      return
    }
    const settlement: Settlement = { kind: drawn === 3 ? 'j' : 'a', queue, key }
    noteSettling(ledger, settlement)
    if (drawn === 3) channel.nack(message, false, false)
    else channel.ack(message)
    unsure.push(settlement)
    if (unsure.length >= settlementsPerMark) mark().catch(end)
  })
}

/** Content is its key, again and again. */
const keyIn = (content: Buffer): string => /^[a-z]+\d*-\d+/.exec(content.toString())?.[0] ?? ''

// The broker dies under it; so does this process.
const end = (): never => process.exit(0)
const connect = async (): Promise<amqplib.ChannelModel> => {
  const connection = await amqplib.connect(url)
  connection.on('error', end)
  connection.on('close', end)
  return connection
}
try {
  const [producing, consuming] = await Promise.all([connect(), connect()])
  await consume(consuming, 'work')
  await consume(consuming, 'ranked')
  await produce(producing)
} catch {
  end()
}
