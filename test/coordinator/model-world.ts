// The world of group-model.test.ts: a coordinator that may crash, and clients that behave as real
// ones do. It checks each answer as it comes and keeps what must hold later.
import assert from 'node:assert/strict'
import { GroupCoordinator } from '../../src/coordinator/group-coordinator.ts'
import type { JoinAnswer, SyncAnswer } from '../../src/coordinator/group-requests.ts'
import { ManualClock, MemoryAppender, SeededChance, text, untext } from './world.ts'

const groupId = 'g'
const sessionMs = 10_000
const rebalanceMs = 15_000
const choices = ['range', 'sticky', 'roundrobin']

interface Client {
  readonly name: string
  readonly instanceId: string | null
  readonly protocols: readonly string[]
  memberId: string
  generation: number
  /** What it is doing: only an idle or working client sends requests. */
  state: 'idle' | 'joining' | 'joined' | 'syncing' | 'working' | 'dead'
  led: readonly string[]
}

export class ModelWorld {
  private readonly chance: SeededChance
  private readonly clock = new ManualClock()
  private readonly appender = new MemoryAppender()
  private coordinator: GroupCoordinator
  private clients: Client[] = []
  private named = 0
  /** Grows with each crash: answers of an earlier life are not heard. */
  private life = 0
  private unanswered = 0
  private readonly leaders = new Map<string, string>()
  private lastGeneration = 0
  private durableGeneration = 0
  /** By partition: the last acknowledged offset, and the largest that may have been written. */
  private readonly acknowledged = new Map<number, number>()
  private nextOffset = 1
  private readonly lines: string[] = []

  constructor(seed: number) {
    this.chance = new SeededChance(seed)
    this.coordinator = this.start()
  }

  history(): string {
    return this.lines.slice(-60).join('\n')
  }

  step(): void {
    const dice = this.chance.int(100)
    const client = this.clients[this.chance.int(Math.max(this.clients.length, 1))]
    if (this.clients.length < 2 || (dice < 5 && this.clients.length < 6)) this.arrive()
    else if (dice < 8) this.crash()
    else if (dice < 14) this.holdOrRelease()
    else if (dice < 30) this.pass(this.chance.int(dice < 17 ? 20_000 : 1_000))
    else if (client !== undefined) this.act(client, dice)
    this.clock.settle()
  }

  /** Faults stop; the clients that live must get to work within a session and two rebalances. */
  calmDown(): void {
    this.appender.refusal = null
    this.appender.isHeld = false
    this.appender.release()
    this.clock.settle()
    const roundMs = 500
    for (let ms = 0; ms < sessionMs + 2 * rebalanceMs; ms += roundMs) {
      for (const client of this.clients) this.drive(client)
      this.pass(roundMs)
    }
    assert.equal(this.unanswered, 0, 'every answer has come')
    this.checkStable()
    this.crash()
    this.checkStable()
  }

  private start(): GroupCoordinator {
    const { clock, chance, appender } = this
    const coordinator = new GroupCoordinator({ clock, chance, appender })
    const report = coordinator.load(appender.records)
    assert.equal(report.unreadable + report.foreign, 0)
    return coordinator
  }

  private say(line: string): void {
    this.lines.push(`${this.clock.monotonic()} ${line}`)
  }

  // ---- Faults -----------------------------------------------------------------------------------

  private crash(): void {
    this.say('crash')
    this.life++
    this.unanswered = 0
    this.appender.crash()
    this.coordinator.stop()
    this.coordinator = this.start()
    // Connections are gone, so whoever waited asks again.
    for (const c of this.clients)
      if (c.state === 'joining' || c.state === 'syncing') c.state = 'idle'
    // A generation whose assignment nobody was told of may be lost, and is counted again.
    this.lastGeneration = this.durableGeneration
    this.leaders.clear()
    this.checkOffsets()
  }

  private holdOrRelease(): void {
    const kind = this.chance.int(4)
    this.appender.isHeld = kind === 0
    this.appender.refusal = kind === 1 ? 'storageError' : null
    this.say(`log: ${kind === 0 ? 'held' : kind === 1 ? 'refuses' : 'free'}`)
    if (kind !== 0) this.appender.release(kind === 2 ? 1 : undefined)
  }

  private pass(ms: number): void {
    this.say(`pass ${ms}`)
    this.clock.advance(ms)
  }

  // ---- Clients ----------------------------------------------------------------------------------

  private arrive(): void {
    const first = this.chance.int(choices.length)
    const name = `c${this.named++}`
    this.clients.push({
      name,
      instanceId: this.chance.int(3) === 0 ? `i-${name}` : null,
      protocols: ['common', choices[first]!],
      memberId: '',
      generation: -1,
      state: 'idle',
      led: [],
    })
  }

  private act(client: Client, dice: number): void {
    if (dice < 33) {
      this.say(`${client.name} dies`)
      client.state = 'dead'
      this.clients = this.clients.filter((c) => c !== client)
      // A static member comes back under its instance id, as somebody new.
      if (client.instanceId !== null && this.chance.int(2) === 0)
        this.clients.push({ ...client, memberId: '', generation: -1, state: 'idle', led: [] })
    } else if (dice < 36 && client.memberId !== '') this.leave(client)
    else if (dice < 50 && client.state === 'working') this.commit(client)
    else this.drive(client)
  }

  /** The next thing that a well-behaved client does. */
  private drive(client: Client): void {
    if (client.state === 'idle') this.join(client)
    else if (client.state === 'joined') this.sync(client)
    else if (client.state === 'working') this.heartbeat(client)
  }

  /** Hears an answer once, and only in the life in which it was asked for. */
  private hear<T>(client: Client, then: (answer: T) => void): (answer: T) => void {
    const { life } = this
    let heard = false
    this.unanswered++
    return (answer) => {
      assert.ok(!heard, 'an answer comes once')
      heard = true
      if (life !== this.life) return
      this.unanswered--
      if (client.state !== 'dead') then(answer)
    }
  }

  private member({ memberId, instanceId, generation }: Client) {
    return { groupId, memberId, instanceId, generation }
  }

  private join(client: Client): void {
    this.say(`${client.name} joins`)
    client.state = 'joining'
    const request = {
      ...this.member(client),
      protocolType: 'test',
      protocols: client.protocols.map((name) => ({ name, metadata: text(client.name) })),
      sessionTimeoutMs: sessionMs,
      rebalanceTimeoutMs: rebalanceMs,
      clientId: client.name,
      clientHost: '/127.0.0.1',
      requireKnownMemberId: true,
      supportsSkipAssignment: true,
    }
    const reply = this.hear<JoinAnswer>(client, (answer) => this.joined(client, answer))
    this.coordinator.join(request, reply)
  }

  private joined(client: Client, answer: JoinAnswer): void {
    this.say(`${client.name} joined: ${answer.error ?? answer.generation}`)
    client.state = 'idle'
    if (answer.error === 'memberIdRequired') client.memberId = answer.memberId
    else if (answer.error === 'unknownMember' || answer.error === 'fencedInstance')
      client.memberId = ''
    if (answer.error !== null) return
    assert.ok(client.protocols.includes(answer.protocol ?? ''), 'a protocol that it offers')
    assert.ok(answer.generation >= this.lastGeneration, 'generations grow')
    this.lastGeneration = answer.generation
    client.memberId = answer.memberId
    client.generation = answer.generation
    client.led = answer.members.map((m) => m.memberId)
    client.state = 'joined'
    if (client.led.length > 0) this.checkLeader(answer)
  }

  /** One leader a generation, unless a static one was replaced, which takes its place. */
  private checkLeader(answer: JoinAnswer): void {
    const me = answer.members.find((m) => m.memberId === answer.memberId)
    assert.ok(me, 'the leader is a member')
    assert.equal(answer.leader, answer.memberId, 'only the leader sees the others')
    const key = `${answer.generation}`
    const who = me.instanceId ?? me.memberId
    assert.equal(this.leaders.get(key) ?? who, who, 'one leader a generation')
    this.leaders.set(key, who)
  }

  private sync(client: Client): void {
    const given = `${client.generation}`
    client.state = 'syncing'
    const request = {
      ...this.member(client),
      protocolType: null,
      protocol: null,
      assignments: client.led.map((memberId) => ({ memberId, assignment: text(given) })),
    }
    const reply = this.hear<SyncAnswer>(client, (answer) => {
      this.say(`${client.name} synced: ${answer.error ?? 'ok'}`)
      client.state = answer.error === null ? 'working' : 'idle'
      if (answer.error === 'unknownMember' || answer.error === 'fencedInstance')
        client.memberId = ''
      if (answer.error !== null) return
      assert.equal(untext(answer.assignment), given)
      this.durableGeneration = Math.max(this.durableGeneration, Number(given))
    })
    this.coordinator.sync(request, reply)
  }

  private heartbeat(client: Client): void {
    const error = this.coordinator.heartbeat(this.member(client))
    this.say(`${client.name} heartbeat: ${error ?? 'ok'}`)
    if (error !== null) client.state = 'idle'
    if (error === 'unknownMember' || error === 'fencedInstance') client.memberId = ''
  }

  private leave(client: Client): void {
    this.say(`${client.name} leaves`)
    const { memberId, instanceId } = client
    this.coordinator.leave({ groupId, members: [{ memberId, instanceId }] })
    this.clients = this.clients.filter((c) => c !== client)
  }

  // ---- Offsets ----------------------------------------------------------------------------------

  private commit(client: Client): void {
    const partition = this.chance.int(3)
    const offset = this.nextOffset++
    const partitions = [{ partition, offset, leaderEpoch: -1, metadata: '' }]
    const request = {
      ...this.member(client),
      retentionMs: null,
      topics: [{ topic: 't', partitions }],
    }
    this.coordinator.commit(
      request,
      this.hear(client, ({ error, topics }) => {
        this.say(`${client.name} committed ${offset}: ${error ?? topics[0]?.partitions[0]?.error}`)
        if ((error ?? topics[0]?.partitions[0]?.error) === null)
          this.acknowledged.set(partition, offset)
        this.checkOffsets()
      }),
    )
  }

  /** Offsets only grow here, so at least the acknowledged one is to be seen. */
  private checkOffsets(): void {
    const partitions = [0, 1, 2]
    const { topics } = this.coordinator.fetchOffsets(groupId, [{ topic: 't', partitions }])
    for (const { partition, offset } of topics[0]?.partitions ?? [])
      assert.ok(offset >= (this.acknowledged.get(partition) ?? -1), `offset of ${partition}`)
  }

  private checkStable(): void {
    const group = this.coordinator.describe(groupId)
    const working = this.clients.filter((c) => c.state === 'working')
    assert.equal(working.length, this.clients.length, 'all clients work')
    assert.equal(group.state, working.length > 0 ? 'Stable' : 'Empty')
    assert.deepEqual(
      group.members.map((m) => m.memberId).sort(),
      working.map((c) => c.memberId).sort(),
    )
    assert.equal(new Set(working.map((c) => c.generation)).size, working.length > 0 ? 1 : 0)
  }
}
