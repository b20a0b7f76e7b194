// The users of a node, and the way to what belongs to them: `authorizer` (who may do what), `login`
// (who is it), `permissions` and `limits`. Each operation is durable and visible when it resolves;
// what is refused is a value. Users are kept with a hash of their password in RabbitMQ's format,
// and, where the password was set in clear, with SCRAM credentials made from it.
//
// Opened by the node; called by the management API, by doors for `login` and `authorizer`.

import { Lane } from '../../base/lane.ts'
import type { Chance } from '../../io/chance.ts'
import { change, type Decision } from '../../metadata/change.ts'
import type { MetadataStore } from '../../metadata/store.ts'
import { ok, type Result, refuse } from '../../model/errors.ts'
import { scramCredentials } from '../credentials.ts'
import { AccessImage } from './access-image.ts'
import { AccessLimits } from './access-limits.ts'
import {
  defaultUserKey,
  encodePermissions,
  encodeUser,
  permissionKey,
  type User,
  userKey,
  userLimitKey,
} from './access-values.ts'
import { type Authorizer, ImageAuthorizer } from './authorizer.ts'
import { Login } from './login.ts'
import { nameFault } from './name-fault.ts'
import { PatternCompiler } from './name-pattern.ts'
import { hashPassword, isPasswordHash, noPassword, type PasswordHash } from './password-hash.ts'
import { Permissions } from './permissions.ts'

export interface AccountParts {
  readonly store: MetadataStore
  readonly chance: Chance
  /** Users that may log in from this machine only. */
  readonly loopbackUsers: () => readonly string[]
}

/** What somebody is to log in with; null: with nothing, until it is set. */
export type Secret = { readonly password: string } | { readonly hash: PasswordHash } | null

/** Each is kept in memory. */
export const usersMax = 10_000
const tagsMax = 20
const defaultUser = 'guest'

type Kept = Pick<User, 'hash' | 'scram'>

export class Accounts {
  readonly authorizer: Authorizer
  readonly login: Login
  readonly permissions: Permissions
  readonly limits: AccessLimits
  readonly #store: MetadataStore
  readonly #chance: Chance
  readonly #lane = new Lane()
  readonly #image: AccessImage

  /** Rejects with MetadataFormatError when the store holds what this release does not know. */
  static async open(parts: AccountParts): Promise<Accounts> {
    const compiler = new PatternCompiler()
    return new Accounts(parts, compiler, await AccessImage.open(parts.store, compiler))
  }

  private constructor(parts: AccountParts, compiler: PatternCompiler, image: AccessImage) {
    this.#store = parts.store
    this.#chance = parts.chance
    this.#image = image
    this.authorizer = new ImageAuthorizer(image)
    this.login = new Login(image, parts.chance, parts.loopbackUsers)
    this.permissions = new Permissions(parts.store, image, compiler)
    this.limits = new AccessLimits(parts.store, image)
  }

  close(): void {
    this.#image.close()
  }

  /**
   * `listener` hears of every change of users, permissions and limits, after it counts, so that a
   * door can part with those who may no longer be there. It must not throw.
   */
  onChange(listener: () => void): { cancel(): void } {
    return this.#image.onChange(listener)
  }

  user(name: string): User | null {
    return this.#image.user(name)
  }

  /** By name. */
  users(): User[] {
    return [...this.#image.users()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Refused with `preconditionFailed` when there is such a user. */
  async addUser(name: string, secret: Secret, tags: readonly string[]): Promise<Result<null>> {
    return this.#put(name, secret, tags, false)
  }

  /** Makes the user, or replaces password and tags of the one there is. */
  putUser(name: string, secret: Secret, tags: readonly string[]): Promise<Result<null>> {
    return this.#put(name, secret, tags, true)
  }

  async setTags(name: string, tags: readonly string[]): Promise<Result<null>> {
    const fault = tagsFault(tags)
    return fault ?? this.#change(name, (user) => ({ ...user, tags }))
  }

  async changePassword(name: string, secret: Secret): Promise<Result<null>> {
    const kept = await this.#kept(secret)
    return kept.ok ? this.#change(name, (user) => ({ ...user, ...kept.value })) : kept
  }

  /** With all that the user may do. Refused with `invalidRequest` when there is no such user. */
  deleteUser(name: string): Promise<Result<null>> {
    return change(this.#store, () => {
      const key = userKey(name)
      if (this.#image.user(name) === null) return noSuchUser(name)
      const keys = [key, userLimitKey(name), ...this.permissions.keysOfUser(name)]
      const compare = [{ key, modRevision: this.#image.revisionOf(key) }]
      return ok({ txn: { compare, delete: keys }, answer: null })
    })
  }

  /**
   * Makes `guest` with the password `guest`, who may do everything, unless this was done before or
   * there are users already: who deletes the user does not find it again. Called when a node starts
   * for people to use.
   */
  async makeDefaultUser(): Promise<void> {
    if (this.#image.revisionOf(defaultUserKey) > 0) return
    if (this.#image.userCount > 0) {
      await this.#store.txn({ put: [{ key: defaultUserKey, value: '{"v":1}' }] })
      return
    }
    const kept = await this.#kept({ password: defaultUser })
    if (!kept.ok) return
    const user = { name: defaultUser, tags: ['administrator'], ...kept.value }
    const all = { configure: '.*', write: '.*', read: '.*' }
    await this.#store.txn({
      compare: [
        { key: defaultUserKey, modRevision: 0 },
        { key: userKey(defaultUser), modRevision: 0 },
      ],
      put: [
        { key: defaultUserKey, value: '{"v":1}' },
        { key: userKey(defaultUser), value: encodeUser(user) },
        { key: permissionKey('/', defaultUser), value: encodePermissions(all) },
      ],
    })
  }

  async #put(
    name: string,
    secret: Secret,
    tags: readonly string[],
    replaces: boolean,
  ): Promise<Result<null>> {
    const fault = nameFault('user', name) ?? tagsFault(tags)
    if (fault !== null) return fault
    const kept = await this.#kept(secret)
    if (!kept.ok) return kept
    const decide = (): Decision<null> => {
      const key = userKey(name)
      const revision = this.#image.revisionOf(key)
      if (revision > 0 && !replaces) return refuse('preconditionFailed', `user '${name}' exists`)
      if (revision === 0 && this.#image.userCount >= usersMax)
        return refuse('policyViolation', `this node keeps at most ${usersMax} users`)
      return ok({ txn: putting(key, revision, { name, tags, ...kept.value }), answer: null })
    }
    return this.#lane.run(() => change(this.#store, decide))
  }

  /** As the password of a user would be kept. */
  hashOf(password: string): PasswordHash {
    return hashPassword(password, this.#chance)
  }

  #change(name: string, next: (user: User) => User): Promise<Result<null>> {
    return change(this.#store, () => {
      const key = userKey(name)
      const user = this.#image.user(name)
      if (user === null) return noSuchUser(name)
      return ok({ txn: putting(key, this.#image.revisionOf(key), next(user)), answer: null })
    })
  }

  async #kept(secret: Secret): Promise<Result<Kept>> {
    if (secret === null) return ok({ hash: noPassword, scram: null })
    if ('hash' in secret) {
      if (!isPasswordHash(secret.hash))
        return refuse('invalidRequest', `the password hash is not one of ${secret.hash.algorithm}`)
      return ok({ hash: secret.hash, scram: null })
    }
    if (secret.password === '') return refuse('invalidRequest', 'the password is empty')
    const scram = await scramCredentials(secret.password, this.#chance)
    return ok({ hash: hashPassword(secret.password, this.#chance), scram })
  }
}

const putting = (key: string, modRevision: number, user: User) => ({
  compare: [{ key, modRevision }],
  put: [{ key, value: encodeUser(user) }],
})

export const noSuchUser = (name: string) =>
  refuse('invalidRequest', `there is no user '${name.slice(0, 255)}'`)

function tagsFault(tags: readonly string[]) {
  if (tags.length > tagsMax) return refuse('invalidRequest', `a user has at most ${tagsMax} tags`)
  for (const tag of tags) {
    const fault = nameFault('tag', tag)
    if (fault !== null) return fault
  }
  return null
}
