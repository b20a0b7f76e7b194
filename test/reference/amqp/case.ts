// One case of the suite while it runs: its connections, its names, its answers. A case asks one
// broker and never knows which; what differs by chance (names the broker makes, times) is
// made the same before it is kept.
import { createHash } from 'node:crypto'
import type { Channel } from './client/channel.ts'
import { Connection, type LoginOptions } from './client/connection.ts'
import type { Arguments, Item } from './client/methods.ts'

export type Run = (t: Case) => Promise<void>

/** Cases of one area, by name. */
export type Cases = Readonly<Record<string, Run>>

/** A case with a restart of the broker in its middle. */
export interface Halves {
  readonly before: Run
  readonly after: Run
}

export interface Asked {
  readonly id: string
  readonly answer: unknown
}

/** A time so near to now is told as `now`. */
const nearSeconds = 600

export class Case {
  readonly answers: Asked[] = []
  readonly #port: number
  readonly #id: string
  readonly #connections: Connection[] = []
  #asking: { readonly connection: Connection; channels: number } | null = null

  constructor(port: number, id: string) {
    this.#port = port
    this.#id = id
  }

  /** A name that no other case uses. */
  name(suffix: string): string {
    return `${this.#id}.${suffix}`
  }

  answer(question: string, value: unknown): void {
    const id = `${this.#id}.${question}`
    if (this.answers.some((a) => a.id === id)) throw new Error(`${id} is answered twice`)
    this.answers.push({ id, answer: normalised(value) })
  }

  /** A socket without a word said. */
  async raw(): Promise<Connection> {
    const connection = await Connection.raw(this.#port)
    this.#connections.push(connection)
    return connection
  }

  /** Logged in. Throws if it is refused. */
  async connect(options: LoginOptions = {}): Promise<Connection> {
    const connection = await this.raw()
    const answer = await connection.login(options)
    if (answer.is !== 'connection.open-ok')
      throw new Error(`login: ${answer.is} ${String(answer['replyText'] ?? '')}`)
    return connection
  }

  /** Channel 1 of a connection of its own. */
  async channel(options: LoginOptions = {}): Promise<Channel> {
    return (await this.connect(options)).open(1)
  }

  /** The same in confirm mode. */
  async confirming(): Promise<Channel> {
    const channel = await this.channel()
    await channel.must('confirm.select')
    return channel
  }

  /**
   * Asks one thing on a channel of its own, and keeps the answer. All questions of a case come from
   * one connection, until one ends it.
   */
  async ask(question: string, name: string, args: Arguments = {}): Promise<Item> {
    const channel = await this.fresh()
    const answer = await channel.call(name, args)
    if (answer.is === 'connection.close' || answer.is === 'end') this.#asking = null
    this.answer(question, answer)
    return answer
  }

  /** A new channel of the connection that `ask` uses. */
  async fresh(): Promise<Channel> {
    this.#asking ??= { connection: await this.connect(), channels: 0 }
    this.#asking.channels += 1
    return this.#asking.connection.open(this.#asking.channels)
  }

  /** What a passive declaration tells of a queue: how many are ready, how many consume. */
  async state(queue: string): Promise<Item> {
    const channel = await this.fresh()
    const answer = await channel.call('queue.declare', { queue, passive: true })
    if (answer.is === 'queue.declare-ok') await channel.call('channel.close')
    return answer
  }

  /**
   * Asks until the answer fits: for what a broker does by its own clock or behind the answer.
   * Resolves to the last answer, fitting or not.
   */
  async poll<T>(ask: () => Promise<T>, fits: (answer: T) => boolean): Promise<T> {
    const deadline = performance.now() + 10_000
    for (;;) {
      const answer = await ask()
      if (fits(answer) || performance.now() > deadline) return answer
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** Until the queue has so many ready messages. */
  ready(queue: string, count: number): Promise<Item> {
    return this.poll(
      () => this.state(queue),
      (item) => item['messageCount'] === count,
    )
  }

  /** Until the queue is gone. */
  gone(queue: string): Promise<Item> {
    return this.poll(
      () => this.state(queue),
      (item) => item['replyCode'] === 404,
    )
  }

  /** Waits until a message that lives so long has gone: time by the broker's own clock. */
  async elapsed(ms: number): Promise<void> {
    const channel = await this.confirming()
    const queue = await channel.queue('', { exclusive: true })
    await channel.confirmed('', queue, { properties: { expiration: `${ms}` } })
    const isThere = async () =>
      (await channel.must('queue.declare', { queue, passive: true }))['messageCount'] !== 0
    await this.poll(isThere, (there) => !there)
    channel.connection.destroy()
  }

  /** Everything that is ready in a queue, got one by one. */
  async drain(queue: string): Promise<Item[]> {
    const channel = await this.channel()
    const items: Item[] = []
    for (;;) {
      const item = await channel.call('basic.get', { queue, noAck: true })
      if (item.is === 'basic.get-empty') break
      items.push(item)
      if (item.is !== 'basic.get-ok') break
    }
    channel.connection.destroy()
    return items
  }

  /** The bodies of `drain`. */
  async bodies(queue: string): Promise<unknown[]> {
    return (await this.drain(queue)).map((item) => item['body'] ?? item)
  }

  close(): void {
    for (const connection of this.#connections) connection.destroy()
  }
}

/**
 * The same for two runs and two brokers: names that the broker makes, times, and what a confirm
 * leaves open (whether it covers earlier ones too).
 */
function normalised(value: unknown): unknown {
  if (typeof value === 'string') return sameText(value)
  if (Array.isArray(value)) return value.map(normalised)
  if (value === null || typeof value !== 'object') return value
  const { is } = value as { is?: unknown }
  const isConfirm = is === 'basic.ack' || is === 'basic.nack'
  const entries = Object.entries(value)
    .filter(([key]) => !(isConfirm && confirmFields.has(key)))
    .map(([key, v]) =>
      (key === 'T' || key === 'timestamp') && isNow(v)
        ? [key, 'now']
        : [sameText(key), normalised(v)],
    )
  return Object.fromEntries(entries)
}

const confirmFields = new Set(['multiple', 'requeue'])

const isNow = (seconds: unknown): boolean =>
  typeof seconds === 'number' && Math.abs(seconds - Date.now() / 1000) < nearSeconds

/** Longer texts are told by their length and digest. */
const shownCharactersMax = 300

const digestOf = (text: string): string =>
  `${text.length} characters, ${createHash('sha256').update(text).digest('hex').slice(0, 16)}`

const sameText = (text: string): string =>
  (text.length > shownCharactersMax ? digestOf(text) : text)
    .replaceAll(/amq\.gen-[\w-]+/g, 'amq.gen-*')
    .replaceAll(/amq\.ctag-[\w-]+/g, 'amq.ctag-*')
    .replaceAll(/amq\.rabbitmq\.reply-to\.[\w.=+/-]+/g, 'amq.rabbitmq.reply-to.*')
    .replaceAll(/<\d+\.\d+\.\d+>/g, '<pid>')
