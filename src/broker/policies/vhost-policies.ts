// What the policies of one vhost mean for its queues, streams and exchanges: which hold, and what
// follows from them together with what each was declared with. Keeps nothing of its own. The vhost
// asks whenever one is made, and again when policies have changed.
import { type FieldTable, textOf } from '../../model/message/field.ts'
import type { Policies } from './policies.ts'
import {
  alternateExchangeKey,
  argumentsInForce,
  configInForce,
  mergedDefinition,
  type PolicyTarget,
  type QueueKind,
} from './policy-keys.ts'
import type { Policy } from './policy-values.ts'

/** The user's and the operator's that hold for one queue. */
export interface HoldingPolicies {
  readonly policy: Policy | null
  readonly operator: Policy | null
}

export class VhostPolicies {
  readonly #policies: Policies
  readonly #vhost: string

  constructor(policies: Policies, vhost: string) {
    this.#policies = policies
    this.#vhost = vhost
  }

  ofQueue(name: string, target: PolicyTarget): HoldingPolicies {
    return {
      policy: this.#policies.ofQueue('user', this.#vhost, name, target),
      operator: this.#policies.ofQueue('operator', this.#vhost, name, target),
    }
  }

  /** The arguments that a queue is to follow. */
  argumentsOf(name: string, kind: QueueKind, own: FieldTable): FieldTable {
    const { policy, operator } = this.ofQueue(name, kind)
    return argumentsInForce(own, kind, mergedDefinition(policy, operator))
  }

  /** The configuration that the topic of a stream is to follow; `own` itself without a policy. */
  configOf(
    name: string,
    target: 'stream' | 'topic',
    own: ReadonlyMap<string, string>,
  ): ReadonlyMap<string, string> {
    const { policy, operator } = this.ofQueue(name, target)
    return configInForce(own, mergedDefinition(policy, operator))
  }

  /** Where what an exchange routes nowhere goes; null: nowhere. */
  alternateOf(exchange: string, own: FieldTable): string | null {
    const argument = textOf(own.get(alternateExchangeKey))
    if (argument !== null) return argument
    const definition = this.#policies.ofExchange(this.#vhost, exchange)?.definition
    const byPolicy = definition?.[alternateExchangeKey]
    return typeof byPolicy === 'string' ? byPolicy : null
  }
}
