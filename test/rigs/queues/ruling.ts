// Policies that come, change and go in the simulation of queues, one change at a time.
import type { Role } from './policy-model.ts'
import type { Stage } from './stage.ts'
import { drawPolicy } from './topology.ts'

const names = ['a', 'b'] as const
const roles: readonly Role[] = ['user', 'user', 'operator']

export class Ruling {
  readonly #stage: Stage
  #isBusy = false

  constructor(stage: Stage) {
    this.#stage = stage
  }

  change(): void {
    const { chance, watch, node } = this.#stage.scene
    const vhost = this.#stage.pick(this.#stage.vhosts)
    const name = this.#stage.pick(names)
    const role = this.#stage.pick(roles)
    if (vhost === undefined || name === undefined || role === undefined || this.#isBusy) return
    const isThere = watch.rules.policies.has(role, vhost, name)
    const to = isThere && chance.oneIn(2) ? null : drawPolicy(chance, role, vhost, name)
    if (to === null && !isThere) return
    watch.rules.policies.begin(role, vhost, name, to)
    this.#isBusy = true
    this.#stage.let(async () => {
      const done =
        to === null
          ? await node.policies.clear(role, vhost, name)
          : await node.policies.set(role, to)
      this.#isBusy = false
      if (!done.ok) watch.fail(`policy ${name}: ${done.error} ${done.message}`)
      if (watch.rules.policies.pending !== null && !watch.isEnding)
        watch.fail(`nobody follows the policy ${name}`)
      this.#stage.saw(to === null ? 'policies cleared' : 'policies set')
    })
  }
}
