// kcat, one process for each thing asked. It makes topics by naming them, its members commit what
// they printed when they lose it or end, and it cannot commit for another: what is reset to a time
// is read from that time on by a reader of its own, outside of a group.
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { ended, kill, mustRun, own } from './lib/child.ts'
import type { Handlers, Produce, Sent } from './lib/commands.ts'
import { Inbox, Members } from './lib/inbox.ts'
import { bootstrap, serve } from './lib/serve.ts'

const timeoutMs = 30_000
const kcat = (args: readonly string[], input?: string) =>
  mustRun('kcat', ['-b', bootstrap, ...args], {
    timeoutMs,
    ...(input === undefined ? {} : { input }),
  })

interface Listing {
  readonly topics: readonly { topic: string; partitions: readonly unknown[] }[]
}

interface Message {
  readonly partition: number
  readonly offset: number
  readonly ts: number
  readonly key: string
  readonly payload: string
  readonly headers?: readonly string[]
}

interface Member {
  readonly child: ChildProcess
  readonly inbox: Inbox
  assigned: readonly number[]
}

const members = new Members<Member>()
/** Groups that were reset to a time, with it. */
const times = new Map<string, number>()

const partitionsOf = async (topic: string): Promise<number[]> => {
  const { stdout } = await kcat(['-L', '-J', '-t', topic])
  const found = (JSON.parse(stdout) as Listing).topics.find((row) => row.topic === topic)
  return (found?.partitions ?? []).map((_, partition) => partition)
}

/** `% Group NAME rebalanced (memberid ID): assigned: TOPIC [0], TOPIC [1]`; revoked means none. */
const assignmentOf = (line: string): number[] | null => {
  if (!line.includes(' rebalanced ')) return null
  const assigned = line.split(' assigned: ')[1] ?? ''
  return [...assigned.matchAll(/\[(\d+)\]/g)].map(([, partition]) => Number(partition))
}

const read = (args: readonly string[], assigned: readonly number[]): Member => {
  const child = spawn('kcat', ['-b', bootstrap, '-E', '-J', '-u', ...args], { detached: true })
  own(child)
  const member: Member = { child, inbox: new Inbox(), assigned }
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { partition, offset, ts, key, payload, headers } = JSON.parse(line) as Message
    const header = headers?.[1] ?? ''
    member.inbox.add({ partition, offset, key, value: payload, header, timestampMs: ts })
  })
  createInterface({ input: child.stderr }).on('line', (line) => {
    process.stderr.write(`${line}\n`)
    member.assigned = assignmentOf(line) ?? member.assigned
  })
  return member
}

const producing = ({ topic, acks, codec, idempotent, header }: Produce): string[] => [
  ...['-P', '-t', topic, '-H', `case=${header}`, '-K', '\t', '-z', codec],
  ...['-X', `acks=${acks}`, '-X', `enable.idempotence=${idempotent}`],
]

const lineOf = ({ key, value }: Sent): string => `${key}\t${value}\n`

/** Offsets from `kcat -Q`, whose lines are `TOPIC [PARTITION] offset N`; -1 stands for the end. */
const query = async (topic: string, timestamp: number): Promise<Map<number, number>> => {
  const partitions = await partitionsOf(topic)
  const { stdout } = await kcat([
    '-Q',
    ...partitions.flatMap((p) => ['-t', `${topic}:${p}:${timestamp}`]),
  ])
  const rows = stdout.matchAll(/ \[(\d+)\] offset (-?\d+)/g)
  return new Map([...rows].map(([, partition, offset]) => [Number(partition), Number(offset)]))
}

const handlers: Handlers = {
  createTopic: async ({ topic }) => {
    await kcat(['-L', '-t', topic, '-X', 'allow.auto.create.topics=true'])
    return null
  },

  partitions: async ({ topic }) => (await partitionsOf(topic)).length,

  produce: async (given) => {
    for (const partition of new Set(given.records.map((record) => record.partition))) {
      const input = given.records.filter((record) => record.partition === partition)
      await kcat([...producing(given), '-p', String(partition)], input.map(lineOf).join(''))
    }
    return null
  },

  join: async ({ member, group, topic }) => {
    const time = times.get(group)
    const timing = ['session.timeout.ms=10000', 'heartbeat.interval.ms=300']
    const settings = [...timing, 'auto.offset.reset=earliest'].flatMap((s) => ['-X', s])
    if (time === undefined) members.add(member, read([...settings, '-G', group, topic], []))
    else {
      const all = await partitionsOf(topic)
      members.add(member, read(['-C', '-t', topic, '-o', `s@${time}`], all))
    }
    return null
  },

  state: async ({ member }) => {
    const { assigned, inbox } = members.get(member)
    return { assigned, taken: inbox.handOut() }
  },

  /** Happens when it loses its partitions or ends. */
  commit: async () => null,

  leave: async ({ member }) => {
    const { child } = members.remove(member)
    kill(child, 'SIGTERM')
    const code = await ended(child, 10_000)
    if (code !== 0) throw new Error(`kcat ended with code ${code}`)
    return null
  },

  committed: async () => {
    throw new Error('kcat cannot ask for the offsets of a group')
  },

  resetByTime: async ({ group, topic, timestampMs }) => {
    const ends = await query(topic, -1)
    const found = await query(topic, timestampMs)
    times.set(group, timestampMs)
    return Object.fromEntries(
      [...found].map(([p, offset]) => [p, offset >= 0 ? offset : (ends.get(p) ?? 0)]),
    )
  },
}

await serve(handlers, async () => {
  for (const { child } of members.all()) {
    kill(child, 'SIGTERM')
    await ended(child, 5_000)
  }
})
