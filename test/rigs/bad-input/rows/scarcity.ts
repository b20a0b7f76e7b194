// Row 44: a broker with little: 256 descriptors, 256 MB of memory, more partitions asked for than
// it holds. Each has a broker of its own.
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { create, prepare, produceTo } from '../ask.ts'
import { batchOf } from '../batches.ts'
import { type Case, type World, withBroker } from '../case.ts'
import { nameOf } from '../kafka-codes.ts'
import { pause } from '../world.ts'
import { smallBombs } from './bombs.ts'

const megabyte = 1_000_000
const memoryBytes = 256 * megabyte

const descriptors: Case = {
  row: 44,
  sent: '400 connections and 300 topics, to a broker under ulimit -n 256',
  answer: 'some refused, the old one served, new topics written, new ones taken when they are gone',
  run: (world) =>
    withBroker(
      world,
      'descriptors',
      { before: 'ulimit -n 256' },
      async ({ connect, broker, note }) => {
        const old = await (await connect()).greet()
        await prepare(old, { name: 'old' })
        const crowd = await Promise.all(
          Array.from({ length: 400 }, () => connect().catch(() => null)),
        )
        await pause(500)
        const held = crowd.filter((client) => client !== null && !client.isClosed).length
        note(`${held} of 400 held`)
        for (let i = 0; i < 300; i++) {
          await prepare(old, { name: `t${i}` })
          const { code } = await produceTo(old, `t${i}`, batchOf('x'.repeat(1_000)))
          if (code !== 0) return `record ${i}: ${nameOf(code)}`
        }
        for (const client of crowd) client?.close()
        await pause(500)
        const fresh = await (await connect()).greet()
        const { code } = await produceTo(fresh, 'old', batchOf('y'))
        if (held >= 400 || code !== 0 || !broker.isRunning)
          return `${held} held, then ${nameOf(code)}`
        return descriptors.answer
      },
    ),
}

const memoryController = '/sys/fs/cgroup/memory'

/** A group below our own, so that who limits us keeps us; null where that cannot be. */
function memoryGroup(): string | null {
  const line = readFileSync('/proc/self/cgroup', 'utf8').split('\n')
  const own = line.find((each) => each.split(':')[1] === 'memory')?.split(':')[2]
  if (own === undefined || !existsSync(join(memoryController, own))) return null
  const group = join(memoryController, own, `polymq-rig-${process.pid}`)
  try {
    mkdirSync(group)
    writeFileSync(join(group, 'memory.limit_in_bytes'), String(memoryBytes))
    return group
  } catch {
    return null
  }
}

/** What needs most memory: the largest requests that such a node takes, at once, and bombs. */
async function feast(inside: World): Promise<string> {
  const clients = await Promise.all(
    Array.from({ length: 6 }, async () => (await inside.connect()).greet()),
  )
  const size = Buffer.from('01c9c380', 'hex')
  const piece = Buffer.alloc(megabyte)
  for (const client of clients) {
    client.send(size)
    for (let i = 0; i < 29; i++) client.send(piece)
  }
  await pause(4_000)
  for (const client of clients) client.close()
  for (const bomb of smallBombs()) {
    const got = await bomb.run({ ...inside, note: () => undefined })
    if (got !== bomb.answer) return `${bomb.sent}: ${got}`
  }
  const client = await (await inside.connect()).greet()
  await prepare(client, { name: 'after' })
  return nameOf((await produceTo(client, 'after', batchOf('x'))).code)
}

const memory: Case = {
  row: 44,
  sent: 'six requests of 30 MB at once and the bombs that fit a message, where memory is 256 MB',
  answer: 'NONE (0) afterwards, within 256 MB',
  isLong: true,
  run: async (world) => {
    const group = memoryGroup()
    const before = group === null ? ':' : `echo $$ > ${join(group, 'cgroup.procs')}`
    const where = group === null ? 'no memory cgroup here: the peak is measured' : 'in a cgroup'
    world.note(where)
    try {
      return await withBroker(world, 'memory', { before }, async (inside) => {
        const got = await feast(inside)
        const { peakMb } = inside.broker.memory()
        const fits = group !== null || peakMb * megabyte <= memoryBytes
        return fits ? `${got} afterwards, within 256 MB` : `${got}, ${peakMb.toFixed(0)} MB at most`
      })
    } finally {
      if (group !== null) rmdirSync(group)
    }
  },
}

const partitions: Case = {
  row: 44,
  sent: 'topics of 5,000 partitions until one is refused, where polymq.max.partitions is 20,000',
  answer: 'three or four made, then POLICY_VIOLATION (44) that names polymq.max.partitions',
  run: (world) =>
    withBroker(
      world,
      'partitions',
      { settings: { 'polymq.max.partitions': '20000' } },
      async ({ connect, note }) => {
        const client = await (await connect()).greet()
        for (let made = 0; made < 10; made++) {
          const { code, message } = await create(client, { name: `big-${made}`, partitions: 5_000 })
          if (code === 0) continue
          note(`${made} topics, then: ${message}`)
          const isNamed = message?.includes('polymq.max.partitions') ?? false
          const isRight = code === 44 && isNamed && (made === 3 || made === 4)
          return isRight ? partitions.answer : `${made} made, then ${nameOf(code)} ${message}`
        }
        return 'all were made'
      },
    ),
}

const tooMany: Case = {
  row: 44,
  sent: 'CreateTopics of 2^31-1 partitions, and of 100,000',
  answer: 'POLICY_VIOLATION (44) and POLICY_VIOLATION (44), with a message',
  run: async ({ connect, note }) => {
    const client = await (await connect()).greet()
    const [huge, many] = [0x7fffffff, 100_000].map((count) => ({ name: 'huge', partitions: count }))
    const answers = [
      await create(client, huge ?? { name: '' }),
      await create(client, many ?? { name: '' }),
    ]
    for (const { message } of answers) note(String(message))
    const codes = answers.map(({ code }) => nameOf(code)).join(' and ')
    return `${codes}, ${answers.every(({ message }) => message) ? 'with' : 'without'} a message`
  },
}

export const scarcity: readonly Case[] = [tooMany, partitions, descriptors, memory]
