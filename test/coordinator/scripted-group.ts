// Runs the commands of the coordinator's scripts on one group and tells what came of them, with the
// names of the script in place of member ids. The commands are listed in script.test.ts.
import { GroupCoordinator } from '../../src/coordinator/group-coordinator.ts'
import type { GroupOptions } from '../../src/coordinator/group-options.ts'
import type { JoinAnswer, SyncAnswer } from '../../src/coordinator/group-requests.ts'
import type { ErrorName } from '../../src/model/errors.ts'
import { ManualClock, MemoryAppender, SeededChance, text, untext } from './world.ts'

const groupId = 'g'

interface Command {
  readonly verb: string
  readonly words: readonly string[]
  readonly flags: ReadonlyMap<string, string>
}

function parse(line: string): Command {
  const [verb = '', ...rest] = line.split(' ')
  const pairs = rest.filter((w) => w.includes('=')).map((w) => w.split('=') as [string, string])
  return { verb, words: rest.filter((w) => !w.includes('=')), flags: new Map(pairs) }
}

export class ScriptedGroup {
  private readonly clock = new ManualClock()
  private readonly chance = new SeededChance(1)
  private appender = new MemoryAppender()
  private options: Partial<GroupOptions> = {}
  private coordinator = this.start()
  /** What members know of themselves. */
  private readonly ids = new Map<string, string>()
  private readonly generations = new Map<string, number>()
  private readonly instances = new Map<string, string>()
  private out: string[] = []

  run(line: string): string[] {
    this.out = []
    this.dispatch(parse(line))
    this.clock.settle()
    return this.out
  }

  private start(): GroupCoordinator {
    const { clock, chance, appender, options } = this
    const coordinator = new GroupCoordinator({ clock, chance, appender, options })
    coordinator.load(this.appender.records)
    return coordinator
  }

  /** As after a crash: nobody hears of what was waiting, and what was not durable is lost. */
  private restart(): void {
    this.appender.crash()
    this.coordinator.stop()
    this.clock.settle()
    this.out = []
    this.coordinator = this.start()
  }

  private say(line: string): void {
    this.out.push(line)
  }

  private dispatch(command: Command): void {
    const { verb, words, flags } = command
    const [first = '', second = ''] = words
    const done = (error: ErrorName | null): void => this.say(error ?? 'ok')
    if (verb === 'join') this.join(command)
    else if (verb === 'sync') this.sync(first, flags)
    else if (verb === 'heartbeat') done(this.coordinator.heartbeat(this.member(first, flags)))
    else if (verb === 'leave') this.leave(first, flags)
    else if (verb === 'commit') this.commit(command)
    else if (verb === 'offsets') this.offsets(words)
    else if (verb === 'delete-offsets') {
      const topics = [{ topic: first, partitions: [Number(second)] }]
      this.coordinator.deleteOffsets(groupId, topics, ({ error, topics: [t] }) =>
        done(error ?? t?.partitions[0]?.error ?? null),
      )
    } else if (verb === 'forget-topic') this.coordinator.forgetTopic(first)
    else if (verb === 'delete') this.coordinator.deleteGroup(groupId, done)
    else if (verb === 'describe') this.describe()
    else if (verb === 'list') this.list(flags)
    else this.control(command)
  }

  private control({ verb, words, flags }: Command): void {
    const [first = ''] = words
    if (verb === 'advance') this.clock.advance(Number(first))
    else if (verb === 'hold') this.appender.isHeld = true
    else if (verb === 'release') {
      this.appender.isHeld = false
      this.appender.release()
    } else if (verb === 'refuse')
      this.appender.refusal = first === 'nothing' ? null : (first as ErrorName)
    else if (verb === 'stop') this.coordinator.stop()
    else if (verb === 'restart') this.restart()
    else if (verb === 'options') {
      this.options = Object.fromEntries([...flags].map(([k, v]) => [k, Number(v)]))
      this.appender = new MemoryAppender()
      this.restart()
    } else throw new Error(`no command ${verb}`)
  }

  // ---- Members ----------------------------------------------------------------------------------

  /** `b*`: an id of b's that b does not know yet, or that is not b's any more. */
  private nameOf(id: string): string {
    for (const [name, known] of this.ids) if (known === id) return name
    return id === '' ? '-' : id.replace(/-[0-9a-f]{8}-.*/, '*')
  }

  private member(name: string, flags: ReadonlyMap<string, string>) {
    return {
      groupId,
      memberId: this.ids.get(name) ?? '',
      instanceId: flags.get('instance') ?? this.instances.get(name) ?? null,
      generation: Number(flags.get('gen') ?? this.generations.get(name) ?? -1),
    }
  }

  private join({ words, flags }: Command): void {
    const [name = '', ...marks] = words
    const instance = flags.get('instance')
    if (instance !== undefined) this.instances.set(name, instance)
    const metadata = text(flags.get('metadata') ?? '')
    const request = {
      ...this.member(name, flags),
      memberId: marks.includes('id') ? (this.ids.get(name) ?? '') : '',
      protocolType: flags.get('type') ?? 'test',
      protocols: (flags.get('protocols') ?? 'range').split(',').map((p) => ({ name: p, metadata })),
      sessionTimeoutMs: Number(flags.get('session') ?? 10_000),
      rebalanceTimeoutMs: Number(flags.get('rebalance') ?? 30_000),
      clientId: name,
      clientHost: '/127.0.0.1',
      requireKnownMemberId: !marks.includes('old'),
      supportsSkipAssignment: marks.includes('skip'),
    }
    this.coordinator.join(request, (answer) => this.joined(name, answer))
  }

  private joined(name: string, answer: JoinAnswer): void {
    if (answer.error === null || answer.error === 'memberIdRequired')
      this.ids.set(name, answer.memberId)
    if (answer.error !== null) {
      this.say(`${name} joined: ${answer.error}`)
      return
    }
    this.generations.set(name, answer.generation)
    const members = answer.members.map((m) => {
      const metadata = untext(m.metadata)
      return this.nameOf(m.memberId) + (metadata === '' ? '' : `(${metadata})`)
    })
    const leads = this.nameOf(answer.leader)
    const skip = answer.skipAssignment ? ' skip-assignment' : ''
    const list = members.length > 0 ? ` members=${members.join(',')}` : ''
    this.say(
      `${name} joined: generation=${answer.generation} protocol=${answer.protocol}` +
        ` leader=${leads}${list}${skip}`,
    )
  }

  private sync(name: string, flags: ReadonlyMap<string, string>): void {
    const given = (flags.get('give') ?? '').split(',').filter((g) => g !== '')
    const assignments = given.map((g) => {
      const [to = '', what = ''] = g.split(':')
      return { memberId: this.ids.get(to) ?? to, assignment: text(what) }
    })
    const protocol = flags.get('protocol') ?? null
    const request = { ...this.member(name, flags), protocolType: null, protocol, assignments }
    this.coordinator.sync(request, (answer: SyncAnswer) =>
      this.say(`${name} synced: ${answer.error ?? `'${untext(answer.assignment)}'`}`),
    )
  }

  private leave(names: string, flags: ReadonlyMap<string, string>): void {
    const instanceId = flags.get('instance') ?? null
    const members = names.split(',').map((n) => ({ memberId: this.ids.get(n) ?? '', instanceId }))
    const answer = this.coordinator.leave({ groupId, members })
    this.say(answer.error ?? answer.members.map((m) => m.error ?? 'ok').join(','))
  }

  // ---- Offsets and descriptions -----------------------------------------------------------------

  private commit({ words, flags }: Command): void {
    const [name = '', topic = '', partition, offset] = words
    const retention = flags.get('retention')
    const committed = {
      partition: Number(partition),
      offset: Number(offset),
      leaderEpoch: -1,
      metadata: flags.get('metadata') ?? '',
    }
    const request = {
      ...this.member(name, flags),
      retentionMs: retention === undefined ? null : Number(retention),
      topics: [{ topic, partitions: [committed] }],
    }
    this.coordinator.commit(request, ({ error, topics: [t] }) =>
      this.say(`committed: ${error ?? t?.partitions[0]?.error ?? 'ok'}`),
    )
  }

  private offsets([topic, partition]: readonly string[]): void {
    const wanted = topic === undefined ? null : [{ topic, partitions: [Number(partition)] }]
    const answer = this.coordinator.fetchOffsets(groupId, wanted)
    if (answer.error !== null) this.say(answer.error)
    for (const t of answer.topics)
      for (const p of t.partitions) this.say(`${t.topic}/${p.partition}=${p.offset}`)
  }

  private describe(): void {
    const group = this.coordinator.describe(groupId)
    this.say(`${group.error ?? 'ok'} ${group.state} '${group.protocolType}' '${group.protocol}'`)
    for (const m of group.members) {
      const instance = m.instanceId === null ? '' : ` instance=${m.instanceId}`
      this.say(`${this.nameOf(m.memberId)}${instance} '${untext(m.assignment)}'`)
    }
  }

  private list(flags: ReadonlyMap<string, string>): void {
    const words = (key: string): string[] => flags.get(key)?.split(',') ?? []
    const answer = this.coordinator.list({ states: words('states'), types: words('types') })
    this.say(answer.error ?? 'ok')
    for (const g of answer.groups) this.say(`${g.groupId} ${g.state} ${g.type} '${g.protocolType}'`)
  }
}
