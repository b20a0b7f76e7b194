// Row 44, and what else a node runs out of: descriptors, the numbers of queues, exchanges and
// bindings that it may hold, the disk. And row 31: what the management port is sent.
import { readFileSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import { basic } from '../../../../../src/protocol/amqp/methods/basic-methods.ts'
import { exchange, queue } from '../../../../../src/protocol/amqp/methods/topology-methods.ts'
import { emptyTable } from '../../../amqp/tables.ts'
import { pause } from '../../world.ts'
import type { AmqpCase } from '../amqp-case.ts'
import { withBroker } from '../own-broker.ts'
import { declared, declareQueue } from './greedy.ts'

const precondition = 'channel.close 406 PRECONDITION_FAILED'

const limits: AmqpCase = {
  row: 44,
  sent:
    'queues, exchanges, bindings and consumers without end, where polymq.max.queues is 200, ' +
    'polymq.max.exchanges 100, polymq.max.bindings 300 and polymq.max.consumers 50',
  answer: '200, at most 100, 300 and 50 made, then channel.close 406 PRECONDITION_FAILED',
  run: (world) => {
    const settings = {
      'polymq.max.queues': '200',
      'polymq.max.exchanges': '100',
      'polymq.max.bindings': '300',
      'polymq.max.consumers': '50',
    }
    return withBroker(world, 'limits', { settings }, async ({ connect }) => {
      const client = await (await connect()).open()
      const other = await (await connect()).open()
      const fill = async (ask: (i: number) => void, from = client): Promise<[number, string]> => {
        for (let made = 0; ; made++) {
          ask(made)
          const got = await from.answer()
          if (!got.endsWith('-ok')) return [made, got]
        }
      }
      const bind = { queue: 'q0', exchange: 'amq.direct', arguments: emptyTable }
      const use = { noLocal: false, noAck: false, exclusive: false, nowait: false }
      const made = { ...declared, internal: false, type: 'direct' } as const
      const all = [
        await fill((i) => client.method(1, queue.declare, { ...declared, queue: `q${i}` })),
        await fill((i) => client.method(2, exchange.declare, { ...made, exchange: `e${i}` })),
        await fill((i) => client.method(3, queue.bind, { ...bind, routingKey: `k${i}` })),
        await fill((i) => {
          const wish = { queue: 'q0', consumerTag: `c${i}`, arguments: emptyTable }
          other.method(1, basic.consume, { ...use, ...wish })
        }, other),
      ]
      const [queues = 0, exchanges = 0, bindings = 0, consumers = 0] = all.map(([made]) => made)
      const isRight =
        queues === 200 && exchanges <= 100 && exchanges > 80 && bindings === 300 && consumers === 50
      const words = new Set(all.map(([, got]) => got))
      return isRight && words.size === 1 && words.has(precondition)
        ? limits.answer
        : JSON.stringify(all)
    })
  },
}

const descriptors: AmqpCase = {
  row: 44,
  sent: '400 connections and 150 durable queues, to a broker under ulimit -n 256',
  answer: 'some refused, the old one served, new ones taken when they are gone',
  run: (world) =>
    withBroker(world, 'descriptors', { before: 'ulimit -n 256' }, async ({ connect, note }) => {
      const old = await (await connect()).open()
      const crowd = await Promise.all(
        Array.from({ length: 400 }, () => connect().catch(() => null)),
      )
      await pause(500)
      const held = crowd.filter((client) => client !== null && !client.isClosed).length
      note(`${held} of 400 held`)
      await old.confirms(1)
      for (let i = 0; i < 150; i++) {
        await declareQueue(old, `d${i}`)
        old.publish(1, '', `d${i}`, Buffer.from('x'))
        await old.until(basic.ack)
      }
      for (const client of crowd) client?.close()
      await pause(500)
      const fresh = await (await connect()).open()
      await declareQueue(fresh, 'd0')
      return held < 400 ? descriptors.answer : 'all were held'
    }),
}

/** The shell puts itself into a control group of memory, of either version; it takes root. */
const group = 'polymq-rig'
const inGroup =
  `d=/sys/fs/cgroup/memory/${group}; f=memory.limit_in_bytes; ` +
  `[ -d /sys/fs/cgroup/memory ] || { d=/sys/fs/cgroup/${group}; f=memory.max; }; ` +
  `mkdir -p $d && echo ${256 << 20} > $d/$f && echo $$ > $d/cgroup.procs`

const memory: AmqpCase = {
  row: 44,
  sent:
    '100 MB of messages, 100,000 of them to a consumer that settles none, queues and bindings ' +
    'without end, to a broker with 256 MB of memory',
  answer: 'queues and bindings refused with channel.close 406, and the first connection served',
  isLong: true,
  run: (world) =>
    withBroker(world, 'memory', { before: inGroup }, async ({ broker, connect, note }) => {
      if (!readFileSync(`/proc/${broker.pid}/cgroup`, 'utf8').includes(group))
        return 'this machine lets us make no control group of memory'
      const old = await (await connect()).open()
      await declareQueue(old, 'work')
      for (let i = 0; i < 100; i++) {
        for (let k = 0; k < 1000; k++) old.publish(1, '', 'work', Buffer.alloc(1000))
        await declareQueue(old, 'work')
      }
      const greedy = await (await connect()).open()
      const use = { noLocal: false, noAck: false, exclusive: false, nowait: false }
      const wish = { queue: 'work', consumerTag: 'c', arguments: emptyTable }
      greedy.method(1, basic.consume, { ...use, ...wish })
      const client = await (await connect()).open()
      const fill = async (ask: (i: number) => void): Promise<string> => {
        for (let made = 0; ; made++) {
          ask(made)
          const got = await client.answer()
          if (got.endsWith('-ok')) continue
          note(`${made}, then ${got}; ${broker.memory().residentMb.toFixed(0)} MB`)
          return got
        }
      }
      const transient = { ...declared, durable: false }
      const bind = { queue: 'q0', exchange: 'amq.topic', arguments: emptyTable }
      const answers = [
        await fill((i) => client.method(1, queue.declare, { ...transient, queue: `q${i}` })),
        await fill((i) => client.method(2, queue.bind, { ...bind, routingKey: `a.${i}.b` })),
      ]
      await declareQueue(old, 'work')
      return answers.every((got) => got === precondition) ? memory.answer : answers.join(', ')
    }),
}

const disk: AmqpCase = {
  row: 44,
  sent: 'messages, where polymq.disk.free.bytes.min is more than any disk has',
  answer: 'connection.blocked, and queue.declare-ok on another connection',
  run: (world) =>
    withBroker(
      world,
      'disk',
      { settings: { 'polymq.disk.free.bytes.min': String(2 ** 60) } },
      async ({ connect }) => {
        const client = await (await connect()).open()
        client.publish(1, '', 'nowhere', Buffer.from('x'))
        const told = await client.answer()
        const other = await (await connect()).open()
        other.method(1, queue.declare, { ...declared, queue: 'still', durable: false })
        return `${told}, and ${await other.answer()} on another connection`
      },
    ),
}

// ---- Row 31 -------------------------------------------------------------------------------------

const login = `Authorization: Basic ${Buffer.from('guest:guest').toString('base64')}`

/** The status of the first answer to bytes; 0: closed without one. */
const statusOf = (port: number, head: string, body: Uint8Array | string = ''): Promise<number> =>
  new Promise((resolve) => {
    const socket = connectTcp({ host: '127.0.0.1', port }, () => {
      socket.write(head.replaceAll('\n', '\r\n'))
      socket.write(body)
    })
    socket.setTimeout(8_000, () => socket.destroy())
    let text = ''
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1')
      const status = /^HTTP\/1\.1 (\d+)/.exec(text)?.[1]
      if (status === undefined) return
      resolve(Number(status))
      socket.destroy()
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => resolve(0))
  })

const http: AmqpCase = {
  row: 31,
  sent:
    'to the management port: a body of 2 GB announced, both lengths, JSON 100,000 deep, ' +
    '__proto__ as a name, a regular expression that never ends, a wrong password, a header of 1 MB',
  answer: 'refused each with 4xx or a close, and a good request is answered afterwards',
  run: (world) =>
    withBroker(world, 'http', { listen: ['http=127.0.0.1:0'] }, async ({ broker }) => {
      const { port } = broker
      const put = (length: string, path = 'queues/%2F/a') =>
        `PUT /api/${path} HTTP/1.1\nHost: a\n${login}\n${length}\n\n`
      const deep = '['.repeat(100_000)
      const statuses = [
        await statusOf(port, put('Content-Length: 2147483648')),
        await statusOf(
          port,
          put('Content-Length: 5\nTransfer-Encoding: chunked'),
          '0\r\n\r\nGET /',
        ),
        await statusOf(port, put(`Content-Length: ${deep.length}`), deep),
        await statusOf(port, put('Content-Length: 25', 'users/x'), '{"__proto__":{"tags":"a"}}'),
        await statusOf(port, `GET /api/overview HTTP/1.1\nHost: a\nAuthorization: Basic eDp5\n\n`),
        await statusOf(port, `GET / HTTP/1.1\nHost: a\nX: ${'x'.repeat(1_000_000)}\n\n`),
      ]
      const isRefused = statuses.every((status) => status === 0 || (status >= 400 && status < 500))
      const slow = `queues?page=1&use_regex=true&name=${encodeURIComponent('(a+)+$'.repeat(50))}`
      const began = performance.now()
      await statusOf(port, `GET /api/${slow} HTTP/1.1\nHost: a\n${login}\n\n`)
      const ms = performance.now() - began
      const good = await statusOf(port, `GET /api/overview HTTP/1.1\nHost: a\n${login}\n\n`)
      return isRefused && good === 200 && ms < 2_000
        ? http.answer
        : `${statuses.join(' ')}, ${ms.toFixed(0)} ms, then ${good}`
    }),
}

export const scarcity: readonly AmqpCase[] = [limits, descriptors, memory, disk, http]
