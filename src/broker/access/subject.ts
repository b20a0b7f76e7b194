// Who asks: one user in one vhost, and what that user may do there. Every part of the authorized
// broker asks it, and answers each refusal in the words that stand here. A thing may be seen by who
// has any right on its name.
import { type Refusal, refuse } from '../../model/errors.ts'
import { queueNameOf } from '../../model/topic-name.ts'
import type { Authorizer } from '../../security/access/authorizer.ts'
import type { ClientRights, Right, ThingRights } from '../api.ts'

const rights = ['read', 'write', 'configure'] as const

export class Subject implements ClientRights {
  readonly user: string
  readonly vhost: string
  readonly #authorizer: Authorizer

  constructor(authorizer: Authorizer, user: string, vhost: string) {
    this.user = user
    this.vhost = vhost
    this.#authorizer = authorizer
  }

  /** Moves whenever an answer may have changed. */
  get version(): number {
    return this.#authorizer.version
  }

  may(right: Right, name: string): boolean {
    return this.#authorizer.may(this.user, this.vhost, right, name)
  }

  /** Permissions know a topic by the name of its queue. */
  mayTopic(right: Right, topic: string): boolean {
    return this.may(right, queueNameOf(topic))
  }

  maySee(topic: string): boolean {
    return rights.some((right) => this.mayTopic(right, topic))
  }

  /** Of a group: who may only write to its name has no business with it. */
  maySeeGroup(groupId: string): boolean {
    return this.may('read', groupId) || this.may('configure', groupId)
  }

  of(name: string): ThingRights {
    return {
      configure: this.may('configure', name),
      write: this.may('write', name),
      read: this.may('read', name),
    }
  }

  get mayUseVhost(): boolean {
    return this.#authorizer.mayUse(this.user, this.vhost)
  }

  get isAdministrator(): boolean {
    return this.#authorizer.hasTag(this.user, 'administrator')
  }

  /** Whether the user may look at the node's own settings. */
  get mayWatch(): boolean {
    return this.isAdministrator || this.#authorizer.hasTag(this.user, 'monitoring')
  }

  refusal(right: Right | 'see', name: string): { ok: false } & Refusal {
    const what = right === 'see' ? 'see' : `${right}${right === 'write' ? ' to' : ''}`
    return refuse(
      'accessRefused',
      `user '${this.user}' may not ${what} '${name.slice(0, 255)}' in vhost '${this.vhost}'`,
    )
  }

  notAdministrator(): { ok: false } & Refusal {
    return refuse('clusterNotAuthorized', `user '${this.user}' is no administrator`)
  }
}
