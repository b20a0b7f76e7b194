// The policies of the simulation of queues as they were set, and what they make of the arguments of
// a queue: worked out here anew, with RabbitMQ's rules. One change is under way at a time. What was
// answered holds, also after a crash; of what was not, either.
import type { Policy } from '../../../src/broker/policies/policy-values.ts'
import type { FieldTable, FieldValue } from '../../../src/model/message/field.ts'
import { integerOf, textField, textOf } from '../../../src/model/message/field.ts'

export type Role = 'user' | 'operator'

interface Change {
  readonly key: string
  readonly role: Role
  readonly vhost: string
  readonly name: string
  /** Null: it goes. */
  readonly to: Policy | null
}

/** The least of all that is said holds. */
const numbers = ['message-ttl', 'max-length', 'delivery-limit'] as const
/** An argument wins over an operator, and both over a user's policy. */
const texts = ['overflow', 'dead-letter-exchange', 'dead-letter-routing-key'] as const

export class PolicyModel {
  readonly #held = new Map<string, Change>()
  pending: Change | null = null

  begin(role: Role, vhost: string, name: string, to: Policy | null): void {
    this.pending = { key: `${role} ${vhost} ${name}`, role, vhost, name, to }
  }

  /** What is under way holds from now on. */
  apply(): void {
    const { pending } = this
    if (pending === null) return
    this.pending = null
    if (pending.to === null) this.#held.delete(pending.key)
    else this.#held.set(pending.key, pending)
  }

  has(role: Role, vhost: string, name: string): boolean {
    return this.#held.has(`${role} ${vhost} ${name}`)
  }

  get all(): readonly { readonly role: Role; readonly policy: Policy }[] {
    return [...this.#held.values()].flatMap(({ role, to }) =>
      to === null ? [] : [{ role, policy: to }],
    )
  }

  #of(role: Role, vhost: string, queue: string, isQuorum: boolean): Policy | undefined {
    return (
      this.all
        .filter((each) => each.role === role && each.policy.vhost === vhost)
        .map(({ policy }) => policy)
        .filter(({ pattern }) => new RegExp(pattern).test(queue))
        // What a queue does not support, it does not follow at all.
        .filter(({ definition }) => isQuorum || definition['delivery-limit'] === undefined)
        .sort((a, b) => b.priority - a.priority || (a.name < b.name ? -1 : 1))[0]
    )
  }

  /** The arguments that a queue follows. */
  inForce(own: FieldTable, vhost: string, queue: string): FieldTable {
    const isQuorum = textOf(own.get('x-queue-type')) === 'quorum'
    const user = this.#of('user', vhost, queue, isQuorum)?.definition ?? {}
    const operator = this.#of('operator', vhost, queue, isQuorum)?.definition ?? {}
    const table = new Map<string, FieldValue>(own)
    for (const key of numbers) {
      const said = [integerOf(own.get(`x-${key}`)), user[key], operator[key]]
      const given = said.filter((each) => typeof each === 'number')
      if (given.length > 0) table.set(`x-${key}`, { type: 'l', value: BigInt(Math.min(...given)) })
    }
    for (const key of texts) {
      const said = operator[key] ?? user[key]
      if (!own.has(`x-${key}`) && typeof said === 'string') table.set(`x-${key}`, textField(said))
    }
    return table
  }
}
