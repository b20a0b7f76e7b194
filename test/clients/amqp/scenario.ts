// What every AMQP client has to prove, in order. It compares bodies, properties and counts; where a
// client cannot do a thing (see AmqpAbilities) the case is left out, never passed.
import assert from 'node:assert/strict'
import { performance } from 'node:perf_hooks'
import type { Driver } from '../lib/driver.ts'
import { eventually } from '../lib/expect.ts'
import type { Check } from '../lib/report.ts'
import type { AmqpBroker } from './broker.ts'
import type { AmqpCommands, Arguments, Delivery, Message } from './commands.ts'

export interface AmqpAbilities {
  /** Reconnects after a restart with its consumers, without being told to. */
  readonly recovers: boolean
  /** Tells of messages that came back. */
  readonly returns: boolean
}

const messages = (label: string, count: number): Message[] =>
  Array.from({ length: count }, (_, i) => ({
    body: `${label} ${i}`,
    messageId: `${label}-${i}`,
    header: label,
    persistent: true,
  }))

/** Same messages in the same order, with their properties. */
const same = (got: readonly Delivery[], sent: readonly Message[]): void => {
  const seen = ({ body, messageId, header, persistent }: Message) => ({
    ...{ body: body.length > 100 ? `${body.length} characters` : body, messageId, header },
    persistent,
  })
  assert.deepEqual(got.map(seen), sent.map(seen))
}

const bodies = (got: readonly Delivery[]): string[] => got.map(({ body }) => body)
const tags = (got: readonly Delivery[]): number[] => got.map(({ tag }) => tag)

/** One client against one broker. */
export class AmqpScenario {
  readonly #prefix: string
  readonly #broker: AmqpBroker
  readonly #driver: Driver<AmqpCommands>
  readonly #can: AmqpAbilities
  /** What each consumer received and no case has taken yet. */
  readonly #inbox = new Map<string, Delivery[]>()
  /** The consumer that was there when the broker stopped. */
  #kept = ''

  constructor(name: string, broker: AmqpBroker, driver: Driver<AmqpCommands>, can: AmqpAbilities) {
    this.#prefix = name.replaceAll(/[^a-z0-9]+/g, '-')
    this.#broker = broker
    this.#driver = driver
    this.#can = can
  }

  async run(report: Check): Promise<void> {
    const check: Check = (title, body, timeoutMs) =>
      report(title, () => body().catch((error: unknown) => this.#explain(error)), timeoutMs)
    await check('publishes with confirms, consumes in order with properties, acks', () =>
      this.#roundTrip(),
    )
    for (const type of ['direct', 'fanout', 'topic', 'headers'])
      await check(`routes through an exchange of type ${type}`, () => this.#routes(type))
    await check('prefetch bounds what is unsettled', () => this.#prefetch())
    await check('a requeued message comes again, marked so', () => this.#requeue())
    await check('a discarded message is dead-lettered', () => this.#discard())
    await check('a time to live, of a message or of its queue, ends in the dead letters', () =>
      this.#expire(),
    )
    await check('a full queue drops its head to the dead letters', () => this.#maxLength())
    if (this.#can.returns)
      await check('an unroutable mandatory message comes back', () => this.#mandatory())
    await check('a body of 500 kB and an empty one arrive whole', () => this.#large())
    await check('gets, purges, deletes', () => this.#getAndPurge())
    await check('a queue that is not there is told so, and the client works on', () =>
      this.#missing(),
    )
    await check('before a restart: some settled, some in flight, some ready', () =>
      this.#beforeRestart(),
    )
    await check('the broker restarts', () => this.#broker.restart(), 120_000)
    await check('after it: publishes and consumes what was left', () => this.#afterRestart())
    await check('closes cleanly', async () => assert.equal(await this.#driver.close(), 0))
  }

  #explain(error: unknown): never {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`${reason}\n${this.#driver.output()}`)
  }

  #name(label: string): string {
    return `${this.#prefix}.${label}`
  }

  async #queue(label: string, args: Arguments = {}): Promise<string> {
    const queue = this.#name(label)
    await this.#driver.ask('declareQueue', { queue, arguments: args })
    return queue
  }

  async #publish(queue: string, sent: readonly Message[], exchange = ''): Promise<void> {
    const given = { exchange, routingKey: queue, mandatory: false, messages: sent }
    await this.#driver.ask('publish', given)
  }

  async #consume(label: string, prefetch: number): Promise<string> {
    const consumer = `${label}-${performance.now()}`
    this.#inbox.set(consumer, [])
    await this.#driver.ask('consume', { consumer, queue: this.#name(label), prefetch })
    return consumer
  }

  /** Waits until so many came that were not taken before, and takes all that came. */
  async #take(consumer: string, count: number): Promise<Delivery[]> {
    const inbox = this.#inbox.get(consumer) ?? []
    await eventually(async () => {
      inbox.push(...(await this.#driver.ask('take', { consumer })))
      return inbox.length >= count ? null : `${inbox.length} of ${count} messages came`
    })
    assert.equal(inbox.length, count, `came: ${bodies(inbox).join()}`)
    return inbox.splice(0)
  }

  #settle(consumer: string, got: readonly Delivery[], how: 'ack' | 'requeue' | 'discard') {
    return this.#driver.ask('settle', { consumer, tags: tags(got), how })
  }

  /** Waits until a queue has so many messages ready. */
  async #holds(label: string, count: number): Promise<void> {
    await eventually(async () => {
      const found = await this.#driver.ask('inspect', { queue: this.#name(label) })
      return found?.messages === count ? null : `${label} has ${found?.messages}, not ${count}`
    }, 10_000)
  }

  /** Reads so many messages, acknowledges them and leaves. */
  async #drain(label: string, count: number): Promise<Delivery[]> {
    const consumer = await this.#consume(label, 100)
    const got = await this.#take(consumer, count)
    await this.#settle(consumer, got, 'ack')
    await this.#driver.ask('cancel', { consumer })
    await this.#holds(label, 0)
    return got
  }

  async #roundTrip(): Promise<void> {
    const queue = await this.#queue('round')
    const sent = [
      ...messages('persistent', 100),
      ...messages('transient', 100).map((message) => ({ ...message, persistent: false })),
    ]
    await this.#publish(queue, sent)
    await this.#holds('round', sent.length)
    const consumer = await this.#consume('round', 50)
    const got: Delivery[] = []
    while (got.length < sent.length) {
      const some = await this.#take(consumer, Math.min(50, sent.length - got.length))
      got.push(...some)
      await this.#settle(consumer, some, 'ack')
    }
    same(got, sent)
    assert.ok(got.every((d) => d.exchange === '' && d.routingKey === queue && !d.redelivered))
    await this.#driver.ask('cancel', { consumer })
    await this.#holds('round', 0)
  }

  /** Two queues bound; the first gets what its binding says, the second what remains. */
  async #routes(type: string): Promise<void> {
    const exchange = this.#name(`x-${type}`)
    await this.#driver.ask('declareExchange', { exchange, type })
    const keys = type === 'topic' ? ['a.*', 'b.#'] : ['a.one', 'b.two.three']
    for (const [i, routingKey] of keys.entries()) {
      const queue = await this.#queue(`${type}-${i}`)
      const match: Arguments = type === 'headers' ? { 'x-match': 'all', case: `h${i}` } : {}
      await this.#driver.ask('bind', { queue, exchange, routingKey, arguments: match })
    }
    for (const [i, key] of ['a.one', 'b.two.three', 'c'].entries())
      await this.#publish(key, messages(`h${i}`, 3), exchange)
    for (const i of [0, 1]) {
      const got = await this.#drain(`${type}-${i}`, type === 'fanout' ? 9 : 3)
      const sent = [0, 1, 2].flatMap((label) => messages(`h${label}`, 3))
      same(got, type === 'fanout' ? sent : messages(`h${i}`, 3))
      assert.ok(got.every((delivery) => delivery.exchange === exchange))
    }
  }

  async #prefetch(): Promise<void> {
    const sent = messages('window', 30)
    await this.#publish(await this.#queue('window'), sent)
    const consumer = await this.#consume('window', 10)
    const first = await this.#take(consumer, 10)
    await this.#holds('window', 20)
    await this.#settle(consumer, first.slice(0, 4), 'ack')
    const next = await this.#take(consumer, 4)
    await this.#holds('window', 16)
    same([...first, ...next], sent.slice(0, 14))
    await this.#settle(consumer, [...first.slice(4), ...next], 'ack')
    await this.#settle(consumer, await this.#take(consumer, 10), 'ack')
    await this.#settle(consumer, await this.#take(consumer, 6), 'ack')
    await this.#driver.ask('cancel', { consumer })
    await this.#holds('window', 0)
  }

  async #requeue(): Promise<void> {
    const sent = messages('again', 3)
    await this.#publish(await this.#queue('again'), sent)
    const consumer = await this.#consume('again', 3)
    const got = await this.#take(consumer, 3)
    await this.#settle(consumer, got.slice(1, 2), 'requeue')
    const back = await this.#take(consumer, 1)
    same(back, sent.slice(1, 2))
    assert.equal(back[0]?.redelivered, true)
    await this.#settle(consumer, [...got.slice(0, 1), ...got.slice(2), ...back], 'ack')
    await this.#driver.ask('cancel', { consumer })
    await this.#holds('again', 0)
  }

  /** A queue whose dead letters go to `<label>.dead` through the default exchange. */
  async #mortal(label: string, args: Arguments = {}): Promise<string> {
    const dead = await this.#queue(`${label}.dead`)
    const letters = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead }
    return this.#queue(label, { ...letters, ...args })
  }

  async #died(label: string, sent: readonly Message[], reason: string): Promise<void> {
    const dead = await this.#drain(`${label}.dead`, sent.length)
    same(dead, sent)
    for (const { deaths } of dead)
      assert.deepEqual(deaths, [{ queue: this.#name(label), reason, count: 1 }])
  }

  async #discard(): Promise<void> {
    const sent = messages('poison', 2)
    await this.#publish(await this.#mortal('poison'), sent)
    const consumer = await this.#consume('poison', 10)
    await this.#settle(consumer, await this.#take(consumer, 2), 'discard')
    await this.#driver.ask('cancel', { consumer })
    await this.#died('poison', sent, 'rejected')
  }

  async #expire(): Promise<void> {
    const short = messages('short', 2).map((message) => ({ ...message, expirationMs: 50 }))
    await this.#publish(await this.#mortal('expiry'), short)
    await this.#died('expiry', short, 'expired')
    const sent = messages('ttl', 2)
    await this.#publish(await this.#mortal('ttl', { 'x-message-ttl': 50 }), sent)
    await this.#died('ttl', sent, 'expired')
  }

  async #maxLength(): Promise<void> {
    const sent = messages('full', 5)
    await this.#publish(await this.#mortal('full', { 'x-max-length': 3 }), sent)
    await this.#died('full', sent.slice(0, 2), 'maxlen')
    same(await this.#drain('full', 3), sent.slice(2))
  }

  async #mandatory(): Promise<void> {
    const there = await this.#queue('routable')
    const publish = (routingKey: string, mandatory: boolean) =>
      this.#driver.ask('publish', {
        ...{ exchange: '', routingKey, mandatory },
        messages: messages('returned', 3),
      })
    assert.deepEqual(await publish(this.#name('nowhere'), true), { returned: 3 })
    assert.deepEqual(await publish(this.#name('nowhere'), false), { returned: 0 })
    assert.deepEqual(await publish(there, true), { returned: 0 })
    await this.#drain('routable', 3)
  }

  async #large(): Promise<void> {
    const [empty, large] = messages('large', 2)
    assert.ok(empty && large)
    const sent = [
      { ...empty, body: '' },
      { ...large, body: 'abcdefghij'.repeat(50_000) },
    ]
    await this.#publish(await this.#queue('large'), sent)
    const got = await this.#drain('large', 2)
    same(got, sent)
    assert.ok(got[1]?.body === sent[1]?.body, 'the large body differs')
  }

  async #getAndPurge(): Promise<void> {
    const queue = await this.#queue('got')
    assert.equal(await this.#driver.ask('get', { queue }), null)
    const sent = messages('got', 5)
    await this.#publish(queue, sent)
    const first = await this.#driver.ask('get', { queue })
    same(first === null ? [] : [first], sent.slice(0, 1))
    assert.equal(await this.#driver.ask('purge', { queue }), 4)
    await this.#holds('got', 0)
    await this.#driver.ask('deleteQueue', { queue })
    assert.equal(await this.#driver.ask('inspect', { queue }), null)
  }

  async #missing(): Promise<void> {
    assert.equal(await this.#driver.ask('inspect', { queue: this.#name('missing') }), null)
    await this.#publish(await this.#queue('still'), messages('still', 1))
    same(await this.#drain('still', 1), messages('still', 1))
  }

  async #beforeRestart(): Promise<void> {
    const sent = messages('kept', 20)
    await this.#publish(await this.#queue('kept'), sent)
    const consumer = await this.#consume('kept', 12)
    const got = await this.#take(consumer, 12)
    await this.#settle(consumer, got.slice(0, 7), 'ack')
    same(await this.#take(consumer, 7), sent.slice(12, 19))
    await this.#holds('kept', 1)
    this.#kept = consumer
  }

  async #afterRestart(): Promise<void> {
    await this.#driver.ask('reconnect', {})
    const sent = messages('kept', 20).slice(7)
    const consumer = this.#can.recovers ? this.#kept : await this.#consume('kept', 12)
    const got = await this.#take(consumer, 12)
    await this.#settle(consumer, got, 'ack')
    got.push(...(await this.#take(consumer, 1)))
    await this.#settle(consumer, got.slice(12), 'ack')
    same(got, sent)
    assert.ok(got.slice(0, 12).every((delivery) => delivery.redelivered))
    await this.#publish(this.#name('kept'), messages('after', 5))
    const after = await this.#take(consumer, 5)
    same(after, messages('after', 5))
    await this.#settle(consumer, after, 'ack')
    await this.#driver.ask('cancel', { consumer })
    await this.#holds('kept', 0)
  }
}
