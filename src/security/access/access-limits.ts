// The limits that are set for vhosts (max-connections, max-queues) and for users (max-connections,
// max-channels). Here they are kept and told; who counts connections and queues asks before it adds
// one. Part of the accounts of a node.
import { change } from '../../metadata/change.ts'
import type { MetadataStore } from '../../metadata/store.ts'
import { ok, type Result, refuse } from '../../model/errors.ts'
import type { AccessImage, NamedLimits } from './access-image.ts'
import {
  encodeLimits,
  type Limits,
  type UserLimit,
  userLimitKey,
  userLimits,
  type VhostLimit,
  vhostLimitKey,
  vhostLimits,
} from './access-values.ts'
import { nameFault } from './name-fault.ts'

export class AccessLimits {
  readonly #store: MetadataStore
  readonly #image: AccessImage

  constructor(store: MetadataStore, image: AccessImage) {
    this.#store = store
    this.#image = image
  }

  /** Infinity: none. */
  ofVhost(vhost: string, limit: VhostLimit): number {
    return numberOf(this.#image.limitsOfVhost(vhost), limit)
  }

  /** Infinity: none. */
  ofUser(user: string, limit: UserLimit): number {
    return numberOf(this.#image.limitsOfUser(user), limit)
  }

  /** Those that have some set. */
  vhosts(): NamedLimits[] {
    return [...this.#image.vhostLimits()]
  }

  users(): NamedLimits[] {
    return [...this.#image.userLimits()]
  }

  /** A negative value is no limit; null forgets it. Whether the vhost is there is asked before. */
  setVhost(vhost: string, limit: string, value: number | null): Promise<Result<null>> {
    const wanted = vhostLimits.find((name) => name === limit)
    const present = () => this.#image.limitsOfVhost(vhost)
    return this.#set('vhost', vhost, vhostLimitKey, wanted ?? null, value, present)
  }

  setUser(user: string, limit: string, value: number | null): Promise<Result<null>> {
    if (this.#image.user(user) === null)
      return Promise.resolve(refuse('invalidRequest', `there is no user '${user.slice(0, 255)}'`))
    const wanted = userLimits.find((name) => name === limit)
    const present = () => this.#image.limitsOfUser(user)
    return this.#set('user', user, userLimitKey, wanted ?? null, value, present)
  }

  async #set(
    what: string,
    name: string,
    keyOf: (name: string) => string,
    limit: string | null,
    value: number | null,
    present: () => Limits | null,
  ): Promise<Result<null>> {
    const fault = nameFault(what, name)
    if (fault !== null) return fault
    if (limit === null) return refuse('invalidRequest', `a ${what} has no such limit`)
    if (value !== null && !Number.isSafeInteger(value))
      return refuse('invalidRequest', `the limit ${limit} is a whole number`)
    const key = keyOf(name)
    return change(this.#store, () => {
      const limits = new Map(present() ?? [])
      if (value === null) limits.delete(limit)
      else limits.set(limit, value)
      const compare = [{ key, modRevision: this.#image.revisionOf(key) }]
      const txn =
        limits.size === 0
          ? { compare, delete: [key] }
          : { compare, put: [{ key, value: encodeLimits(limits) }] }
      return ok({ txn, answer: null })
    })
  }
}

function numberOf(limits: Limits | null, name: string): number {
  const value = limits?.get(name) ?? -1
  return value < 0 ? Number.POSITIVE_INFINITY : value
}
