// The operations on permissions: what a user may configure, write and read in a vhost, and which
// routing keys of an exchange. Patterns are checked before they are kept. Durable and visible to
// the authorizer when an operation resolves. Part of the accounts of a node.
import { Lane } from '../../base/lane.ts'
import { change, type Decision } from '../../metadata/change.ts'
import type { MetadataStore, Txn } from '../../metadata/store.ts'
import { ok, type Result, refuse } from '../../model/errors.ts'
import { limits } from '../../model/limits.ts'
import {
  type AccessImage,
  expandVariables,
  type Permission,
  type TopicPermission,
} from './access-image.ts'
import {
  encodePermissions,
  type PermissionTexts,
  permissionKey,
  type TopicPermissionTexts,
  topicPermissionKey,
  userKey,
  vhostLimitKey,
} from './access-values.ts'
import { nameFault } from './name-fault.ts'
import type { PatternCompiler } from './name-pattern.ts'

/** Each is kept in memory. */
const permissionsMax = 100_000

/** Absent: any. */
export interface PermissionFilter {
  readonly user?: string
  readonly vhost?: string
}

export class Permissions {
  readonly #store: MetadataStore
  readonly #image: AccessImage
  readonly #compiler: PatternCompiler
  readonly #lane = new Lane()
  #vhostExists: (vhost: string) => boolean = (vhost) => vhost === '/'

  constructor(store: MetadataStore, image: AccessImage, compiler: PatternCompiler) {
    this.#store = store
    this.#image = image
    this.#compiler = compiler
  }

  /** Told once by who keeps the vhosts; until then there is '/' alone. */
  knowVhosts(exists: (vhost: string) => boolean): void {
    this.#vhostExists = exists
  }

  of(user: string, vhost: string): PermissionTexts | null {
    return this.#image.permission(vhost, user)?.texts ?? null
  }

  list(filter: PermissionFilter = {}): Permission[] {
    return [...this.#image.permissions()].filter((each) => fits(each, filter))
  }

  listTopic(filter: PermissionFilter = {}): TopicPermission[] {
    return [...this.#image.topicPermissions()].filter((each) => fits(each, filter))
  }

  /** Refused: `vhostNotFound`; `invalidRequest` (no such user, or a pattern that is none). */
  set(user: string, vhost: string, texts: PermissionTexts): Promise<Result<null>> {
    const { configure, write, read } = texts
    return this.change(user, vhost, () => ok({ configure, write, read }))
  }

  /** Sets what `next` makes of the present ones, which are null where there are none. */
  async change(
    user: string,
    vhost: string,
    next: (texts: PermissionTexts | null) => Result<PermissionTexts | null>,
  ): Promise<Result<null>> {
    const key = permissionKey(vhost, user)
    for (let tries = 0; tries < limits.metadataRetries; tries++) {
      const seen = this.#image.revisionOf(key)
      const texts = next(this.of(user, vhost))
      if (!texts.ok) return texts
      if (texts.value === null) return this.clear(user, vhost)
      const checked = await this.#check(Object.values(texts.value))
      if (!checked.ok) return checked
      const put = await this.#put(user, vhost, key, encodePermissions(texts.value), seen)
      if (!put.ok) return put
      if (put.value) return ok(null)
    }
    return refuse('resourceExhausted', 'others keep changing the same permissions; try again')
  }

  /** Does nothing where there are none. */
  clear(user: string, vhost: string): Promise<Result<null>> {
    return this.#delete(() => [permissionKey(vhost, user)])
  }

  /** `{username}` and `{vhost}` in a pattern stand for the user's and the vhost's name. */
  async setTopic(
    user: string,
    vhost: string,
    exchange: string,
    { write, read }: TopicPermissionTexts,
  ): Promise<Result<null>> {
    const fault = exchange === '' ? null : nameFault('exchange', exchange)
    if (fault !== null) return fault
    const patterns = [write, read].map((text) => expandVariables(text, user, vhost))
    const checked = await this.#check(patterns)
    if (!checked.ok) return checked
    const key = topicPermissionKey(vhost, user, exchange)
    const put = await this.#put(user, vhost, key, encodePermissions({ write, read }), null)
    return put.ok ? ok(null) : put
  }

  /** Those of one exchange, or with null of all. */
  clearTopic(user: string, vhost: string, exchange: string | null): Promise<Result<null>> {
    return this.#delete(() =>
      this.listTopic({ user, vhost })
        .filter((each) => exchange === null || each.exchange === exchange)
        .map((each) => topicPermissionKey(vhost, user, each.exchange)),
    )
  }

  /** The keys of everything that goes with a vhost: for the transaction that deletes it. */
  keysOfVhost(vhost: string): string[] {
    return [...this.#keysOf({ vhost }), vhostLimitKey(vhost)]
  }

  keysOfUser(user: string): string[] {
    return this.#keysOf({ user })
  }

  #keysOf(filter: PermissionFilter): string[] {
    return [
      ...this.list(filter).map(({ vhost, user }) => permissionKey(vhost, user)),
      ...this.listTopic(filter).map(({ vhost, user, exchange }) =>
        topicPermissionKey(vhost, user, exchange),
      ),
    ]
  }

  async #check(patterns: readonly string[]): Promise<Result<null>> {
    for (const pattern of patterns) {
      const checked = await this.#compiler.check(pattern)
      if (!checked.ok) return checked
    }
    return ok(null)
  }

  /** False: it is not as it was `seen` (null: that does not matter), and nothing was written. */
  #put(
    user: string,
    vhost: string,
    key: string,
    value: string,
    seen: number | null,
  ): Promise<Result<boolean>> {
    const decide = (): Decision<boolean> => {
      const owner = userKey(user)
      const modRevision = this.#image.revisionOf(owner)
      if (modRevision === 0)
        return refuse('invalidRequest', `there is no user '${user.slice(0, 255)}'`)
      if (!this.#vhostExists(vhost))
        return refuse('vhostNotFound', `there is no vhost '${vhost.slice(0, 255)}'`)
      const revision = this.#image.revisionOf(key)
      if (seen !== null && revision !== seen) return ok({ txn: null, answer: false })
      if (revision === 0 && this.#image.permissionCount >= permissionsMax)
        return refuse('policyViolation', `this node keeps at most ${permissionsMax} permissions`)
      // The user is compared, so that no permission outlives the deletion of its user.
      const compare = [
        { key: owner, modRevision },
        { key, modRevision: revision },
      ]
      return ok({ txn: { compare, put: [{ key, value }] }, answer: true })
    }
    return this.#lane.run(() => change(this.#store, decide))
  }

  #delete(keys: () => readonly string[]): Promise<Result<null>> {
    return change(this.#store, () => {
      const there = keys().filter((key) => this.#image.revisionOf(key) > 0)
      const txn: Txn = {
        compare: there.map((key) => ({ key, modRevision: this.#image.revisionOf(key) })),
        delete: there,
      }
      return ok({ txn: there.length === 0 ? null : txn, answer: null })
    })
  }
}

const fits = (each: { user: string; vhost: string }, { user, vhost }: PermissionFilter): boolean =>
  (user === undefined || each.user === user) && (vhost === undefined || each.vhost === vhost)
