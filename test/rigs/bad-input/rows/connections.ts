// Rows 2 and 3: connections that say nothing, or almost nothing, and more than there may be.
import { join } from 'node:path'
import { BrokerProcess } from '../broker-process.ts'
import type { Case, World } from '../case.ts'
import { RawClient } from '../raw-client.ts'
import { pause } from '../world.ts'

/** From accepting to the first valid request, and the time to notice that it is over. */
const greetingMsMax = 13_000
/** A request must go on arriving, and the time to notice that it does not. */
const silenceMsMax = 36_000

/** How many of the clients are still connected. */
const open = (clients: readonly RawClient[]): number =>
  clients.filter((client) => !client.isClosed).length

async function connectAll(
  count: number,
  connect: (i: number) => Promise<RawClient>,
): Promise<RawClient[]> {
  const clients: RawClient[] = []
  const atOnce = 200
  for (let from = 0; from < count; from += atOnce) {
    const some = Array.from({ length: Math.min(atOnce, count - from) }, (_, i) => connect(from + i))
    for (const done of await Promise.allSettled(some))
      if (done.status === 'fulfilled') clients.push(done.value)
  }
  return clients
}

async function allClosed(clients: readonly RawClient[], ms: number): Promise<string> {
  const until = performance.now() + ms
  while (open(clients) > 0 && performance.now() < until) await pause(200)
  const left = open(clients)
  return left === 0 ? 'all closed' : `${left} open`
}

const slow: Case = {
  row: 2,
  sent: '500 connections, half of them silent, half with one byte a second of a request',
  answer: 'all closed within 13 s',
  run: async ({ connect, isShort }) => {
    const clients = await connectAll(isShort ? 100 : 500, () => connect())
    const bytes = Buffer.from('000000100012000000000001', 'hex')
    let sent = 0
    const drip = setInterval(() => {
      const byte = bytes.subarray(sent % bytes.length, (sent % bytes.length) + 1)
      for (const [i, client] of clients.entries()) if (i % 2 === 0) client.send(byte)
      sent++
    }, 1_000)
    const ending = await allClosed(clients, greetingMsMax)
    clearInterval(drip)
    return ending === 'all closed' ? 'all closed within 13 s' : ending
  },
}

const halfway: Case = {
  row: 2,
  sent: 'eight requests of 99 MiB that stop after 100 bytes, and 1 MiB requests beside them',
  answer: 'the others answered, the first closed within 36 s',
  isLong: true,
  run: async (world) => {
    const clients = await connectAll(8, async () => (await world.connect()).greet())
    for (const client of clients)
      client.send(Buffer.concat([Buffer.from('06300000', 'hex'), Buffer.alloc(100)]))
    const others = await largeIsAnswered(world)
    if (!others) return 'the others were not answered'
    // There is memory for one at a time: the others wait for their turn, and are not read.
    await Promise.race(clients.map((client) => client.ending(silenceMsMax)))
    const left = open(clients)
    return left < clients.length ? halfway.answer : `${left} open`
  },
}

/** A request of 1 MiB whose answer is an error, in pieces, as it comes over a network. */
async function largeIsAnswered({ connect }: World): Promise<boolean> {
  const client = await (await connect()).greet()
  // Metadata of one topic, and a tail that is passed over.
  const head = Buffer.from('00030001000000010000' + '00000001' + '0001' + '20', 'hex')
  const size = Buffer.alloc(4)
  size.writeInt32BE(1 << 20)
  client.send(Buffer.concat([size, head]))
  await pause(50)
  client.send(Buffer.alloc((1 << 20) - head.length))
  return client.frame(5_000).then(
    () => true,
    () => false,
  )
}

const flood: Case = {
  row: 3,
  sent: '19,000 connections from two addresses, which say nothing',
  answer: 'at most 15,000 taken, and all closed within 13 s',
  isLong: true,
  run: async ({ connect, note, broker }) => {
    const began = performance.now()
    const clients = await connectAll(19_000, (i) => connect({ from: `127.0.0.${2 + (i % 2)}` }))
    await pause(500)
    const taken = open(clients)
    const { residentMb } = broker.memory()
    const ms = performance.now() - began
    note(`${taken} taken, ${ms.toFixed(0)} ms, ${residentMb.toFixed(0)} MB`)
    const ending = await allClosed(clients, greetingMsMax)
    return taken <= 15_000 && ending === 'all closed'
      ? 'at most 15,000 taken, and all closed within 13 s'
      : `${taken} taken, then ${ending}`
  },
}

const perAddress: Case = {
  row: 3,
  sent: '30 connections from one address where max.connections.per.ip is 20, one from another',
  answer: '20 open, the other one answered',
  run: async ({ folder }) => {
    const settings = { 'max.connections.per.ip': '20' }
    const broker = await BrokerProcess.start(join(folder, 'per-address'), { settings })
    const from = (address: string) => () => RawClient.connect(broker.port, { from: address })
    try {
      const clients = await connectAll(30, from('127.0.0.2'))
      await pause(300)
      const left = open(clients)
      const other = await (await from('127.0.0.3')()).greet()
      other.close()
      for (const client of clients) client.close()
      return `${left} open, the other one answered`
    } finally {
      await broker.stop()
    }
  },
}

export const connections: readonly Case[] = [slow, halfway, perAddress, flood]
