// The load, as a process of its own: `load.js JSON`, where JSON is one of the tasks below; prints
// its result as one line of JSON. Started by run-load.ts. It reads the broker's CPU time itself, at
// the moments between which it counts.
import { readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuSeconds } from '../lib/proc.ts'
import { Connection } from './connection.ts'
import { type AckEvery, Consumer, Publisher } from './flow.ts'
import { publish, type Shape } from './frames.ts'

interface Target {
  readonly port: number
  /** The broker's. */
  readonly pid: number
  readonly queue: string
}

/** Publishers and consumers at once, for some time. */
export interface Flow extends Shape {
  readonly do: 'flow'
  readonly publishers: number
  readonly consumers: number
  /** Unconfirmed messages of a publisher; 0: no confirms. */
  readonly window: number
  readonly ackEvery: AckEvery
  readonly warmSeconds: number
  readonly seconds: number
}

export interface FlowResult {
  /** Delivered; published and confirmed where there is no consumer. */
  readonly perSecond: number
  readonly brokerCpuMicros: number
  /**
   * All that the machine did but the client's share: with it comes what the kernel writes back for
   * the broker, and what anybody else does meanwhile.
   */
  readonly machineCpuMicros: number
  readonly clientCpuMicros: number
}

/** One message after another, each when the last is confirmed. */
export interface Latency extends Shape {
  readonly do: 'latency'
  readonly warmup: number
  readonly messages: number
}

export interface LatencyResult {
  readonly p50Ms: number
  readonly p99Ms: number
}

/** So many messages, confirmed, and nobody takes them. */
export interface Fill extends Shape {
  readonly do: 'fill'
  readonly messages: number
}

/** Takes so many, acknowledged a hundred at a time. */
export interface Drain {
  readonly do: 'drain'
  readonly messages: number
}

export interface RateResult {
  readonly perSecond: number
  readonly brokerCpuMicros: number
}

/** Opens connections, or declares queues, prints `{}` and keeps them until its input closes. */
export interface Idle {
  readonly do: 'connections' | 'queues'
  readonly count: number
}

/** Answers how many messages wait. */
export interface Count {
  readonly do: 'count'
}

export interface CountResult {
  readonly messages: number
}

export type Task = Flow | Latency | Fill | Drain | Idle | Count

const fillWindow = 1_000
const prefetch = 1_000
/** An idle connection of the load costs the machine no more than this. */
const idleBytes = 16_384

interface Sample {
  readonly atMs: number
  readonly messages: number
  readonly broker: number
  readonly machine: number
  readonly client: number
}

/** Seconds that all cores were busy, since the start of the machine. */
const machineSeconds = (): number => {
  const [, user, nice, system, , , irq, softirq, steal] = (
    readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? ''
  ).split(/\s+/)
  const ticks = [user, nice, system, irq, softirq, steal].map(Number)
  return ticks.reduce((a, b) => a + b, 0) / 100
}

const sample = (pid: number, messages: number): Sample => {
  const { user, system } = process.cpuUsage()
  return {
    ...{ atMs: performance.now(), messages, broker: cpuSeconds(pid), machine: machineSeconds() },
    client: (user + system) / 1e6,
  }
}

const between = (a: Sample, b: Sample): FlowResult => {
  const messages = Math.max(1, b.messages - a.messages)
  const micros = (seconds: number): number => (seconds / messages) * 1e6
  const client = b.client - a.client
  return {
    perSecond: (b.messages - a.messages) / ((b.atMs - a.atMs) / 1000),
    brokerCpuMicros: micros(b.broker - a.broker),
    machineCpuMicros: micros(b.machine - a.machine - client),
    clientCpuMicros: micros(client),
  }
}

const publisherOf = async (target: Target, shape: Shape, window: number, limit: number) => {
  const connection = await Connection.open(target.port)
  if (window > 0) await connection.confirms()
  return new Publisher(connection, { message: publish(target.queue, shape), window, limit })
}

const flow = async (target: Target, task: Flow): Promise<FlowResult> => {
  const control = await Connection.open(target.port)
  await control.declare(target.queue, task.persistent)
  const consumers: Consumer[] = []
  const failures: Promise<unknown>[] = []
  for (let i = 0; i < task.consumers; i++) {
    const connection = await Connection.open(target.port)
    consumers.push(new Consumer(connection, task.ackEvery))
    failures.push(connection.failed())
    await connection.consume(target.queue, task.ackEvery === 0 ? 0 : prefetch)
  }
  const publishers: Publisher[] = []
  const limit = Number.MAX_SAFE_INTEGER
  for (let i = 0; i < task.publishers; i++)
    publishers.push(await publisherOf(target, task, task.window, limit))
  failures.push(...publishers.map((publisher) => publisher.run()))
  const failure = Promise.race(failures)
  const messages = (): number => {
    const delivered = consumers.reduce((sum, { delivered: count }) => sum + count, 0)
    const confirmed = publishers.reduce((sum, { confirmed: count }) => sum + count, 0)
    return consumers.length > 0 ? delivered : confirmed
  }
  await Promise.race([sleep(task.warmSeconds * 1000), failure])
  const a = sample(target.pid, messages())
  await Promise.race([sleep(task.seconds * 1000), failure])
  const b = sample(target.pid, messages())
  for (const publisher of publishers) publisher.stop()
  return between(a, b)
}

const latency = async (target: Target, task: Latency): Promise<LatencyResult> => {
  const connection = await Connection.open(target.port)
  await connection.declare(target.queue, true)
  await connection.confirms()
  const message = publish(target.queue, task)
  const tookMs = new Float64Array(task.messages)
  for (let i = -task.warmup; i < task.messages; i++) {
    const sentAt = performance.now()
    const confirmed = new Promise<void>((resolve) => {
      connection.onConfirmed = () => resolve()
    })
    connection.socket.write(message)
    await confirmed
    if (i >= 0) tookMs[i] = performance.now() - sentAt
  }
  const sorted = tookMs.sort()
  const share = (part: number): number => sorted[Math.floor(sorted.length * part)] ?? 0
  return { p50Ms: share(0.5), p99Ms: share(0.99) }
}

const fill = async (target: Target, task: Fill): Promise<RateResult> => {
  const control = await Connection.open(target.port)
  await control.declare(target.queue, true)
  const publisher = await publisherOf(target, task, fillWindow, task.messages)
  const a = sample(target.pid, 0)
  await publisher.run()
  return between(a, sample(target.pid, task.messages))
}

const drain = async (target: Target, task: Drain): Promise<RateResult> => {
  const connection = await Connection.open(target.port)
  const consumer = new Consumer(connection, 100)
  const a = sample(target.pid, 0)
  const all = consumer.until(task.messages)
  await connection.consume(target.queue, prefetch)
  await all
  const b = sample(target.pid, task.messages)
  // Its answer comes after the last acknowledgement has been taken.
  await connection.declare(target.queue, true)
  return between(a, b)
}

const closed = (input: NodeJS.ReadStream): Promise<void> =>
  new Promise((resolve) => {
    input.once('close', resolve)
    input.resume()
  })

const idle = async (target: Target, task: Idle): Promise<Record<string, never>> => {
  const control = task.do === 'queues' ? await Connection.open(target.port) : null
  for (let i = 0; i < task.count; i++)
    if (control) await control.declare(`${target.queue}-${i}`, true)
    else await Connection.open(target.port, idleBytes)
  process.stdout.write('{}\n')
  await closed(process.stdin)
  return {}
}

const count = async (target: Target): Promise<CountResult> => {
  const connection = await Connection.open(target.port)
  return { messages: await connection.declare(target.queue, true) }
}

const perform = (target: Target, task: Task): Promise<object> => {
  if (task.do === 'flow') return flow(target, task)
  if (task.do === 'latency') return latency(target, task)
  if (task.do === 'fill') return fill(target, task)
  if (task.do === 'drain') return drain(target, task)
  return task.do === 'count' ? count(target) : idle(target, task)
}

const [argument = '{}'] = process.argv.slice(2)
const given = JSON.parse(argument) as Target & { readonly task: Task }
process.stdout.write(`${JSON.stringify(await perform(given, given.task))}\n`)
process.exit(0)
