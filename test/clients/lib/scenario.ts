// What every client has to prove, in order. It compares values, counts and offsets; where a client
// cannot do a thing (see Abilities) the case is left out, never passed.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Batch, batchesOf, FetchError } from './batches.ts'
import { type Broker, partitionsDefault } from './broker.ts'
import type { Acks, Codec, Offsets, Sent, Taken } from './commands.ts'
import type { Driver } from './driver.ts'
import { eventually, sameOffsets, sameRecords } from './expect.ts'
import type { Check } from './report.ts'

export interface Abilities {
  readonly codecs: readonly Codec[]
  readonly idempotent: boolean
  readonly setsTimestamps: boolean
  /** Can say which offsets a group has committed. */
  readonly readsCommitted: boolean
  /** Commits when asked, not only when it leaves. */
  readonly commitsWhileMember: boolean
}

interface Sending {
  readonly acks: Acks
  readonly codec: Codec
  readonly idempotent: boolean
}

type SentWithHeader = Sent & { readonly header: string }

const plain: Sending = { acks: -1, codec: 'none', idempotent: false }
const perPartition = 10
const partitions = Array.from({ length: partitionsDefault }, (_, i) => i)
const firstTimeMs = Date.UTC(2026, 0, 1)

/** Ten records a partition, with values that any codec shrinks. */
const records = (label: string, first = 0): Sent[] =>
  Array.from({ length: perPartition * partitionsDefault }, (_, i) => ({
    partition: i % partitionsDefault,
    key: `${label}-${i}`,
    value: `${label} ${i} ${'the same words again and again '.repeat(8)}`,
    timestampMs: firstTimeMs + (first + i) * 1_000,
  }))

const everywhere = (offset: number): Offsets =>
  Object.fromEntries(partitions.map((p) => [String(p), offset]))

/** One client against one broker. */
export class Scenario {
  readonly #broker: Broker
  readonly #driver: Driver
  readonly #can: Abilities
  readonly #prefix: string
  /** What each member has taken and is not yet compared. */
  readonly #taken = new Map<string, Taken[]>()
  readonly #assigned = new Map<string, readonly number[]>()

  constructor(name: string, broker: Broker, driver: Driver, can: Abilities) {
    this.#prefix = name.replaceAll(/[^a-z0-9]+/g, '-')
    this.#broker = broker
    this.#driver = driver
    this.#can = can
  }

  async run(report: Check): Promise<void> {
    const check: Check = (title, body, timeoutMs) =>
      report(title, () => body().catch((error: unknown) => this.#explain(error)), timeoutMs)
    await check('creates a topic with 4 partitions', () => this.#createsTopic())
    for (const acks of [0, 1, -1] as const)
      await check(`produces with acks ${acks === -1 ? 'all' : acks}, reads the same`, () =>
        this.#roundTrip(`acks${acks}`, { ...plain, acks }),
      )
    for (const codec of this.#can.codecs)
      await check(`produces with ${codec}, stored so, reads the same`, () =>
        this.#roundTrip(codec, { ...plain, codec }),
      )
    if (this.#can.idempotent)
      await check('produces idempotently, with rising sequences', () =>
        this.#roundTrip('idempotent', { ...plain, idempotent: true }),
      )
    await check('a record of 500 kB arrives whole', () => this.#largeRecord())
    await check('a group: one joins, another joins, one leaves; all is read once', () =>
      this.#group(),
    )
    await check('a group is reset to a time', () => this.#reset())
    await check('before a restart: a group commits', () => this.#beforeRestart())
    await check('the broker restarts', () => this.#broker.restart(), 120_000)
    await check('after it: the data are there', () => this.#dataSurvive())
    await check('after it: the group resumes where it had committed', () => this.#resumes())
    if (this.#can.commitsWhileMember)
      await check('after it: a member that stayed goes on', () => this.#memberGoesOn())
  }

  /** Adds what the client printed to a failure. */
  #explain(error: unknown): never {
    const said = this.#driver.output()
    const message = error instanceof Error ? error.message : String(error)
    throw new Error(said === '' ? message : `${message}\nThe client printed:\n${said}`)
  }

  #topic(label: string): string {
    return `${this.#prefix}.${label}`
  }

  async #create(label: string): Promise<string> {
    const topic = this.#topic(label)
    await this.#driver.ask('createTopic', { topic, partitions: partitionsDefault })
    await eventually(async () => {
      const seen = await this.#driver.ask('partitions', { topic })
      return seen === partitionsDefault ? null : `${topic} has ${seen} partitions`
    })
    await this.#isLed(topic)
    return topic
  }

  /**
   * Waits until each partition answers. Kafka shows a partition before its leader serves it, and a
   * client that is not idempotent may send what was taken already again.
   */
  async #isLed(topic: string): Promise<void> {
    for (const p of partitions)
      await eventually(async () => {
        const found = await this.#batches(topic, p)
        return typeof found === 'string' ? found : null
      }, 10_000)
  }

  /** The batches of a partition, or what the broker said instead. */
  async #batches(topic: string, partition: number): Promise<Batch[] | string> {
    try {
      return await batchesOf(this.#broker.bootstrap, topic, partition)
    } catch (error) {
      if (error instanceof FetchError) return `${topic}-${partition}: ${error.message}`
      throw error
    }
  }

  /**
   * Waits until the client can ask for a group's offsets after a restart: its coordinator loads
   * them, and the client may meet one more connection of before, which franz-go does not try again.
   */
  async #isCoordinated(group: string, topic: string): Promise<void> {
    if (!this.#can.readsCommitted) return
    const ask = () => this.#driver.ask('committed', { group, topic })
    await eventually(
      () =>
        ask().then(
          () => null,
          (error: unknown) => String(error),
        ),
      10_000,
    )
  }

  async #createsTopic(): Promise<void> {
    const topic = await this.#create('created')
    for (const p of partitions)
      assert.deepEqual(await batchesOf(this.#broker.bootstrap, topic, p), [])
  }

  async #produce(topic: string, label: string, how: Sending): Promise<SentWithHeader[]> {
    const sent = records(label)
    await this.#driver.ask('produce', { topic, ...how, header: label, records: sent })
    return sent.map((record) => ({ ...record, header: label }))
  }

  async #roundTrip(label: string, how: Sending): Promise<void> {
    const topic = await this.#create(label)
    const sent = await this.#produce(topic, label, how)
    await this.#stored(topic, perPartition, how)
    sameRecords(await this.#readAll(topic, sent.length), sent, this.#can.setsTimestamps)
  }

  /** The batches hold so many records a partition, in the codec asked for, idempotent or not. */
  async #stored(topic: string, count: number, how: Sending): Promise<void> {
    for (const p of partitions) {
      let batches: Batch[] = []
      await eventually(async () => {
        const got = await this.#batches(topic, p)
        if (typeof got === 'string') return got
        batches = got
        const found = got.reduce((sum, batch) => sum + batch.records, 0)
        return found === count ? null : `${topic}-${p} holds ${found} records, not ${count}`
      }, 10_000)
      let next = 0
      for (const batch of batches) {
        assert.equal(batch.codec, how.codec, 'the codec of a stored batch')
        assert.equal(batch.baseOffset, next, 'the base offset of a batch')
        assert.equal(batch.producerId >= 0, how.idempotent, `producer id ${batch.producerId}`)
        if (how.idempotent) assert.equal(batch.baseSequence, next, 'the sequence of a batch')
        next += batch.records
      }
    }
  }

  async #largeRecord(): Promise<void> {
    const topic = await this.#create('large')
    const value = 'abcdefghij'.repeat(50_000)
    const sent = { partition: 2, key: 'large', value, timestampMs: firstTimeMs }
    await this.#driver.ask('produce', { topic, ...plain, header: 'large', records: [sent] })
    const all = await this.#readAll(topic, 1)
    sameRecords(all, [{ ...sent, header: 'large' }], this.#can.setsTimestamps)
  }

  async #join(member: string, group: string, topic: string): Promise<void> {
    this.#taken.set(member, [])
    this.#assigned.set(member, [])
    await this.#driver.ask('join', { member, group, topic })
  }

  async #poll(member: string): Promise<Taken[]> {
    const state = await this.#driver.ask('state', { member })
    const taken = this.#taken.get(member) ?? []
    taken.push(...state.taken)
    this.#assigned.set(member, state.assigned)
    return taken
  }

  /**
   * Waits until the members together own every partition once, and each as many as `share` says.
   */
  async #shared(share: Readonly<Record<string, number>>): Promise<void> {
    await eventually(async () => {
      for (const member of Object.keys(share)) await this.#poll(member)
      const owned = Object.keys(share).map((m) => [...(this.#assigned.get(m) ?? [])].sort())
      const counts = Object.values(share).every((n, i) => owned[i]?.length === n)
      const all = owned.flat().sort().join() === partitions.join()
      return counts && all ? null : `the partitions are shared as ${JSON.stringify(owned)}`
    })
  }

  /** Waits until the members have together taken so many, hands them out and forgets them. */
  async #take(members: readonly string[], count: number): Promise<Taken[]> {
    await eventually(async () => {
      const lengths: number[] = []
      for (const member of members) lengths.push((await this.#poll(member)).length)
      const sum = lengths.reduce((a, b) => a + b, 0)
      return sum >= count ? null : `${sum} of ${count} records came (${lengths.join(' + ')})`
    })
    return members.flatMap((member) => this.#taken.get(member)?.splice(0) ?? [])
  }

  /** Reads a topic whole through a group of its own. */
  async #readAll(topic: string, count: number): Promise<Taken[]> {
    const member = `reader-${topic}-${performance.now()}`
    await this.#join(member, member, topic)
    const taken = await this.#take([member], count)
    await this.#driver.ask('leave', { member })
    return taken
  }

  async #isCommitted(group: string, topic: string, offset: number): Promise<void> {
    if (!this.#can.readsCommitted) return
    sameOffsets(await this.#driver.ask('committed', { group, topic }), everywhere(offset))
  }

  async #group(): Promise<void> {
    const times = this.#can.setsTimestamps
    const group = this.#topic('sharing')
    const topic = await this.#create('group')
    const alone = await this.#produce(topic, 'alone', plain)
    await this.#join('a', group, topic)
    await this.#shared({ a: 4 })
    sameRecords(await this.#take(['a'], alone.length), alone, times)
    await this.#driver.ask('commit', { member: 'a' })
    await this.#isCommitted(group, topic, perPartition)

    await this.#join('b', group, topic)
    await this.#shared({ a: 2, b: 2 })
    const both = await this.#produce(topic, 'both', plain)
    sameRecords(await this.#take(['a', 'b'], both.length), both, times)
    await this.#driver.ask('commit', { member: 'a' })
    await this.#driver.ask('commit', { member: 'b' })
    await this.#isCommitted(group, topic, 2 * perPartition)

    await this.#driver.ask('leave', { member: 'b' })
    await this.#shared({ a: 4 })
    const again = await this.#produce(topic, 'again', plain)
    sameRecords(await this.#take(['a'], again.length), again, times)
    await this.#driver.ask('commit', { member: 'a' })
    await this.#isCommitted(group, topic, 3 * perPartition)
    await this.#driver.ask('leave', { member: 'a' })
  }

  async #reset(): Promise<void> {
    const topic = await this.#create('times')
    const old = records('old')
    const fresh = records('new', old.length).filter((record) => record.partition !== 3)
    const send = (header: string, sent: Sent[]) =>
      this.#driver.ask('produce', { topic, ...plain, header, records: sent })
    await send('old', old)
    // Clients that cannot set a time stamp with their clock: it has to move on.
    await sleep(30)
    await send('new', fresh)

    const all = await this.#readAll(topic, old.length + fresh.length)
    const newer = all.filter((record) => record.header === 'new')
    const timestampMs = Math.min(...newer.map((record) => record.timestampMs))
    const group = this.#topic('rewound')
    const offsets = await this.#driver.ask('resetByTime', { group, topic, timestampMs })
    sameOffsets(offsets, everywhere(perPartition))
    await this.#isCommitted(group, topic, perPartition)
    await this.#join('late', group, topic)
    const taken = await this.#take(['late'], fresh.length)
    const expected = fresh.map((record) => ({ ...record, header: 'new' }))
    sameRecords(taken, expected, this.#can.setsTimestamps)
    await this.#driver.ask('leave', { member: 'late' })
  }

  async #beforeRestart(): Promise<void> {
    const topic = await this.#create('restart')
    const sent = await this.#produce(topic, 'before', plain)
    const members = this.#can.commitsWhileMember ? ['left', 'stayed'] : ['left']
    for (const member of members) {
      await this.#join(member, this.#topic(member), topic)
      const taken = await this.#take([member], sent.length)
      sameRecords(taken, sent, this.#can.setsTimestamps)
      await this.#driver.ask('commit', { member })
    }
    await this.#driver.ask('leave', { member: 'left' })
    await this.#isCommitted(this.#topic('left'), topic, perPartition)
  }

  async #dataSurvive(): Promise<void> {
    const topic = this.#topic('restart')
    await this.#isLed(topic)
    await this.#stored(topic, perPartition, plain)
    const all = await this.#readAll(topic, perPartition * partitionsDefault)
    const sent = records('before').map((record) => ({ ...record, header: 'before' }))
    sameRecords(all, sent, this.#can.setsTimestamps)
  }

  async #resumes(): Promise<void> {
    const topic = this.#topic('restart')
    const group = this.#topic('left')
    await this.#isCoordinated(group, topic)
    await this.#isCommitted(group, topic, perPartition)
    const sent = await this.#produce(topic, 'after', plain)
    await this.#join('back', group, topic)
    sameRecords(await this.#take(['back'], sent.length), sent, this.#can.setsTimestamps)
    await this.#driver.ask('commit', { member: 'back' })
    await this.#driver.ask('leave', { member: 'back' })
    await this.#isCommitted(group, topic, 2 * perPartition)
  }

  async #memberGoesOn(): Promise<void> {
    const sent = records('after').map((record) => ({ ...record, header: 'after' }))
    sameRecords(await this.#take(['stayed'], sent.length), sent, this.#can.setsTimestamps)
    await this.#driver.ask('commit', { member: 'stayed' })
    await this.#driver.ask('leave', { member: 'stayed' })
    const topic = this.#topic('restart')
    const group = this.#topic('stayed')
    await this.#isCoordinated(group, topic)
    await this.#isCommitted(group, topic, 2 * perPartition)
  }
}
