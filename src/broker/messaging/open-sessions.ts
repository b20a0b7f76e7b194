// The sessions that are open at a node: how many of whom, held against the limits of vhosts and
// users, and ended when what they rest on is gone. One for each node; `node-messaging` adds and
// removes them.
import { ok, type Result, refuse } from '../../model/errors.ts'
import type { Opening } from './api.ts'

/** What `AccessLimits` says; Infinity: no limit. */
export interface ConnectionLimits {
  ofVhost(vhost: string, limit: 'max-connections' | 'max-queues'): number
  ofUser(user: string, limit: 'max-connections' | 'max-channels'): number
}

export interface OpenSession extends Opening {
  channels: number
}

export class OpenSessions {
  readonly #limits: ConnectionLimits
  readonly #all = new Set<OpenSession>()
  readonly churn = { opened: 0, closed: 0 }

  constructor(limits: ConnectionLimits) {
    this.#limits = limits
  }

  get all(): Iterable<Opening> {
    return this.#all
  }

  /** Refused with `notAllowed`: a limit of the vhost, or of the user, is reached. */
  enter(opening: Opening): Result<OpenSession> {
    const full = this.#limitReached(opening.vhost, opening.user)
    if (full !== null) return refuse('notAllowed', full)
    const session = { ...opening, channels: 0 }
    this.#all.add(session)
    this.churn.opened++
    return ok(session)
  }

  remove(session: OpenSession): void {
    if (this.#all.delete(session)) this.churn.closed++
  }

  /** Why there may not be one more, in words; null: there may. */
  #limitReached(vhost: string, user: string): string | null {
    const ofVhost = this.#limits.ofVhost(vhost, 'max-connections')
    const ofUser = this.#limits.ofUser(user, 'max-connections')
    if (Math.min(ofVhost, ofUser) === Number.POSITIVE_INFINITY) return null
    const all = [...this.#all]
    if (all.filter((each) => each.vhost === vhost).length >= ofVhost)
      return (
        `access to vhost '${vhost}' refused for user '${user}': connection limit (${ofVhost}) is ` +
        'reached'
      )
    if (all.filter((each) => each.user === user).length >= ofUser)
      return `connection refused for user '${user}': user connection limit (${ofUser}) is reached`
    return null
  }

  /** The same for one more channel of the user. */
  channelLimitReached(user: string): string | null {
    const most = this.#limits.ofUser(user, 'max-channels')
    if (most === Number.POSITIVE_INFINITY) return null
    const ofUser = [...this.#all].filter((each) => each.user === user)
    if (ofUser.reduce((sum, { channels }) => sum + channels, 0) < most) return null
    return (
      `number of channels opened for user '${user}' has reached the maximum allowed user limit ` +
      `of (${most})`
    )
  }

  /** Their clients are told why. */
  endOfVhost(vhost: string): void {
    this.#end((each) => each.vhost === vhost, `vhost '${vhost}' is deleted`)
  }

  /** Of users that are no more. */
  endOfUsersBut(isThere: (user: string) => boolean): void {
    const gone = new Set([...this.#all].map(({ user }) => user).filter((user) => !isThere(user)))
    for (const user of gone) this.#end((each) => each.user === user, `user '${user}' is deleted`)
  }

  #end(isMeant: (session: OpenSession) => boolean, reason: string): void {
    for (const session of [...this.#all]) if (isMeant(session)) session.view?.close(reason)
  }
}
