// What the queues of the simulation are asked to do, by their arguments and the policies that hold,
// and whether they do it. The watch owns it.
import { isDeepStrictEqual } from 'node:util'
import { queueSettings } from '../../../src/broker/declarations/queue-arguments.ts'
import type { HostedQueue } from '../../../src/broker/messaging/hosted-queue.ts'
import type { Policies } from '../../../src/broker/policies/policies.ts'
import type { Policy } from '../../../src/broker/policies/policy-values.ts'
import { plainQueue } from '../../../src/queue/queue-settings.ts'
import type { QueueModel } from './copies.ts'
import { PolicyModel } from './policy-model.ts'

/** What is there, by names that are unique in the node. */
export interface Queues {
  readonly queues: ReadonlyMap<string, QueueModel>
  readonly hosted: ReadonlyMap<string, HostedQueue>
  /** The node is being closed. */
  readonly isEnding: boolean
  fail(message: string): void
}

export class Rules {
  readonly policies = new PolicyModel()
  readonly #there: Queues
  /** Policies are as the disk has them. */
  #hasRead = true

  constructor(there: Queues) {
    this.#there = there
  }

  crashed(): void {
    this.#hasRead = false
  }

  /** What it does from now on, by its arguments and what is known of policies. */
  follow(model: QueueModel): void {
    const { table, vhost, plainName, isExclusive, source } = model
    const inForce = this.policies.inForce(table, vhost, plainName)
    const isDurable = this.#there.hosted.get(model.name)?.definition.durable ?? !isExclusive
    const settings = queueSettings(inForce, isDurable)
    // Nothing is dropped of a topic.
    const { maxLength, maxLengthBytes, overflow } = plainQueue
    const ofTopic = source === null ? {} : { maxLength, maxLengthBytes, overflow }
    model.follow(inForce, { ...settings, ...ofTopic })
  }

  changed(vhost: string, go: () => void): void {
    this.policies.apply()
    const own = [...this.#there.queues.values()].filter((model) => model.vhost === vhost)
    for (const model of own) if (this.#there.hosted.has(model.name)) this.follow(model)
    go()
    for (const model of own) this.check(model)
  }

  /** After a start, before any queue is there: what was answered holds, of the rest either. */
  read(found: Policies): void {
    if (this.#hasRead) return
    this.#hasRead = true
    const { policies } = this
    const { pending } = policies
    if (pending !== null) {
      const is = found.get(pending.role, pending.vhost, pending.name)
      if (isDeepStrictEqual(told(is), told(pending.to))) policies.apply()
      else policies.pending = null
    }
    for (const { role, policy } of policies.all)
      if (!isDeepStrictEqual(told(found.get(role, policy.vhost, policy.name)), told(policy)))
        this.#there.fail(`the policy ${policy.name} of ${policy.vhost} is lost, or another`)
    const count = found.list('user').length + found.list('operator').length
    if (count !== policies.all.length) this.#there.fail('a policy that was cleared is back')
  }

  /** The queue does what is asked of it. At the end a policy may come that nobody follows. */
  check({ name, settings }: QueueModel): void {
    if (this.#there.isEnding && this.policies.pending !== null) return
    const hosted = this.#there.hosted.get(name)
    if (hosted?.isGone !== false || !this.#holds(hosted)) return
    const found = hosted.used?.settings
    // One that nobody has used has its rules when somebody does.
    if (found === undefined) return
    for (const key of Object.keys(settings) as (keyof typeof settings)[])
      if (JSON.stringify(found[key]) !== JSON.stringify(settings[key]))
        this.#there.fail(`${name}: ${key} is ${found[key]}, and was asked to be ${settings[key]}`)
  }

  /** False while it is made. */
  #holds(hosted: HostedQueue): boolean {
    return [...this.#there.hosted.values()].includes(hosted)
  }

  /** Those that hold more than they may. They have to be read to be dropped, which takes time. */
  tooLong(): string[] {
    const { queues, hosted } = this.#there
    return [...queues.values()].flatMap(({ name, settings: { maxLength, overflow } }) => {
      const ready = hosted.get(name)?.used?.ready ?? 0
      const isTooMany = overflow === 'drop-head' && ready > maxLength
      return isTooMany ? [`${name} has ${ready} ready, and may have ${maxLength}`] : []
    })
  }

  /** Those that hold what should have expired: no queue here has a longer time than a rest. */
  tooOld(): string[] {
    const { queues, hosted } = this.#there
    return [...queues.values()].flatMap(({ name, source, settings }) => {
      const ready = hosted.get(name)?.used?.ready ?? 0
      // Dead letters that nobody takes may be so many that no more can leave.
      const mayStay = source !== null || settings.keepsDeadLetters
      if (mayStay || ready === 0 || settings.messageTtlMs > longestTtlMs) return []
      return [`${name} has ${ready} ready, which have lived longer than ${settings.messageTtlMs}`]
    })
  }

  /** What its rules ask of a queue, and has not come about. */
  undone(): string[] {
    return [...this.tooLong(), ...this.tooOld()]
  }
}

const longestTtlMs = 1000

/** What makes up a policy: the node keeps more with it. */
const told = (policy: Policy | null) =>
  policy && [policy.pattern, policy.applyTo, policy.priority, policy.definition]
