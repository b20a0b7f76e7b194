// What the policies of one vhost mean for its queues, streams and exchanges: which hold, and what
// follows from them together with what each was declared with. Matching names takes time: the vhost
// asks when one is made, and again when policies have changed, and keeps what it hears.
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

export const noPolicies: HoldingPolicies = { policy: null, operator: null }

/** The arguments that a queue is to follow. */
export function withPolicies(
  { policy, operator }: HoldingPolicies,
  kind: QueueKind,
  own: FieldTable,
): FieldTable {
  return argumentsInForce(own, kind, mergedDefinition(policy, operator))
}

/** The configuration that the topic of a stream is to follow; `own` itself without a policy. */
export function configWithPolicies(
  { policy, operator }: HoldingPolicies,
  own: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  return configInForce(own, mergedDefinition(policy, operator))
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

  /** Where what an exchange routes nowhere goes; null: nowhere. */
  alternateOf(exchange: string, own: FieldTable): string | null {
    const argument = textOf(own.get(alternateExchangeKey))
    if (argument !== null) return argument
    const definition = this.#policies.ofExchange(this.#vhost, exchange)?.definition
    const byPolicy = definition?.[alternateExchangeKey]
    return typeof byPolicy === 'string' ? byPolicy : null
  }
}
