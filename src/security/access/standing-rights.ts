// What goes on by a right that was asked for when it began, as a consumer does, which asks for
// nothing any more. Once the permissions of a user in a vhost become others, whatever of that user
// rests on what is gone is ended, many in several turns. Invariant: a group is never empty. One for
// each node; sessions add to it, and the node tells it when users or permissions have changed.
import type { Slices } from '../../base/slices.ts'
import { permissionKey } from './access-values.ts'
import type { Authorizer } from './authorizer.ts'

export interface Standing {
  mayGoOn(): boolean
  /** Must not throw; what it holds is let go of by then. */
  end(): void
}

/** All of one user in one vhost. */
interface Group {
  readonly vhost: string
  readonly user: string
  /** Under which they were last found to be permitted. */
  rights: object | null
  readonly members: Set<Standing>
}

export class StandingRights {
  readonly #authorizer: Authorizer
  readonly #slices: Slices
  readonly #groups = new Map<string, Group>()

  constructor(authorizer: Authorizer, slices: Slices) {
    this.#authorizer = authorizer
    this.#slices = slices
  }

  /** How many there are. */
  get count(): number {
    let count = 0
    for (const { members } of this.#groups.values()) count += members.size
    return count
  }

  /** `standing` is permitted now. Returns what is to be called once it has ended. */
  hold(user: string, vhost: string, standing: Standing): () => void {
    const key = permissionKey(vhost, user)
    const rights = this.#authorizer.rightsOf(user, vhost)
    const group = this.#groups.get(key) ?? { vhost, user, rights, members: new Set() }
    this.#groups.set(key, group)
    group.members.add(standing)
    return () => {
      if (group.members.delete(standing) && group.members.size === 0) this.#groups.delete(key)
    }
  }

  /** Permissions may have changed. */
  changed(): void {
    for (const group of [...this.#groups.values()]) {
      const rights = this.#authorizer.rightsOf(group.user, group.vhost)
      if (rights === group.rights) continue
      group.rights = rights
      void this.#look(group)
    }
  }

  async #look({ members }: Group): Promise<void> {
    for (const standing of [...members]) {
      if (!this.#slices.take()) await this.#slices.next()
      if (members.has(standing) && !standing.mayGoOn()) standing.end()
    }
  }
}
