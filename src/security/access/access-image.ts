// Users, permissions and limits in memory, for answers without waiting: built from ranges of one
// revision of the metadata store and kept by a watch, so that it shows what is durable.
// A permission that changes is replaced, with all that was remembered of it. Read by the authorizer
// and by the operations on accounts.
import { MetadataFormatError } from '../../metadata/image.ts'
import type { Change, MetadataStore, Watch } from '../../metadata/store.ts'
import {
  defaultUserKey,
  type Limits,
  namesOf,
  type PermissionTexts,
  parseLimits,
  parsePermissions,
  parseTopicPermissions,
  parseUser,
  permissionKey,
  permissionPrefix,
  type TopicPermissionTexts,
  topicPermissionKey,
  topicPermissionPrefix,
  type User,
  userKey,
  userLimitKey,
  userLimitPrefix,
  userPrefix,
  vhostLimitKey,
  vhostLimitPrefix,
} from './access-values.ts'
import { CachedPattern } from './cached-pattern.ts'
import { escapedName, type PatternCompiler } from './name-pattern.ts'

export interface Permission {
  readonly vhost: string
  readonly user: string
  readonly texts: PermissionTexts
  readonly configure: CachedPattern
  readonly write: CachedPattern
  readonly read: CachedPattern
}

export interface TopicPermission {
  readonly vhost: string
  readonly user: string
  readonly exchange: string
  readonly texts: TopicPermissionTexts
  readonly write: CachedPattern
  readonly read: CachedPattern
}

export interface NamedLimits {
  /** Of the vhost or of the user. */
  readonly name: string
  readonly limits: Limits
}

/** Everything by its key in the metadata store. */
interface Tables {
  readonly users: Map<string, User>
  readonly permissions: Map<string, Permission>
  readonly topicPermissions: Map<string, TopicPermission>
  readonly vhostLimits: Map<string, NamedLimits>
  readonly userLimits: Map<string, NamedLimits>
}

const prefixes = [
  userPrefix,
  permissionPrefix,
  topicPermissionPrefix,
  vhostLimitPrefix,
  userLimitPrefix,
  defaultUserKey,
]

export class AccessImage {
  /** Moves with every change. */
  version = 0
  readonly #compiler: PatternCompiler
  readonly #tables: Tables = {
    users: new Map(),
    permissions: new Map(),
    topicPermissions: new Map(),
    vhostLimits: new Map(),
    userLimits: new Map(),
  }
  readonly #revisions = new Map<string, number>()
  /** By vhost, then user: what every message asks for. */
  readonly #byVhost = new Map<string, Map<string, Permission>>()
  readonly #listeners = new Set<() => void>()
  #watch: Watch | null = null

  /** Rejects with MetadataFormatError when the store holds what this release does not know. */
  static async open(store: MetadataStore, compiler: PatternCompiler): Promise<AccessImage> {
    for (;;) {
      const image = new AccessImage(compiler)
      const ranges = await Promise.all(prefixes.map((prefix) => store.range(prefix)))
      const revision = ranges[0]?.revision ?? 0
      if (ranges.some((range) => range.revision !== revision)) continue
      for (const { entries } of ranges)
        for (const entry of entries) image.#apply({ kind: 'put', entry })
      for (const { texts } of image.#tables.permissions.values())
        for (const text of Object.values(texts)) await compiler.prepare(text)
      for (const { texts } of image.#tables.topicPermissions.values())
        for (const text of Object.values(texts)) await compiler.prepare(text)
      image.#watch = store.watch('/', revision, ({ changes }) => {
        let isOurs = false
        for (const change of changes) isOurs = image.#apply(change) || isOurs
        if (isOurs) for (const listener of [...image.#listeners]) listener()
      })
      // Null: the store moved on meanwhile.
      if (image.#watch) return image
    }
  }

  private constructor(compiler: PatternCompiler) {
    this.#compiler = compiler
  }

  close(): void {
    this.#watch?.cancel()
    this.#listeners.clear()
  }

  onChange(listener: () => void): { cancel(): void } {
    this.#listeners.add(listener)
    return { cancel: () => this.#listeners.delete(listener) }
  }

  /** What to compare a key with before it is changed; 0: it is not there. */
  revisionOf(key: string): number {
    return this.#revisions.get(key) ?? 0
  }

  user(name: string): User | null {
    return this.#tables.users.get(userKey(name)) ?? null
  }

  users(): IterableIterator<User> {
    return this.#tables.users.values()
  }

  get userCount(): number {
    return this.#tables.users.size
  }

  permission(vhost: string, user: string): Permission | null {
    return this.#byVhost.get(vhost)?.get(user) ?? null
  }

  permissions(): IterableIterator<Permission> {
    return this.#tables.permissions.values()
  }

  get permissionCount(): number {
    return this.#tables.permissions.size + this.#tables.topicPermissions.size
  }

  topicPermission(vhost: string, user: string, exchange: string): TopicPermission | null {
    const { topicPermissions } = this.#tables
    // Most nodes have none, and then no key is made for each message.
    if (topicPermissions.size === 0) return null
    return topicPermissions.get(topicPermissionKey(vhost, user, exchange)) ?? null
  }

  topicPermissions(): IterableIterator<TopicPermission> {
    return this.#tables.topicPermissions.values()
  }

  vhostLimits(): IterableIterator<NamedLimits> {
    return this.#tables.vhostLimits.values()
  }

  userLimits(): IterableIterator<NamedLimits> {
    return this.#tables.userLimits.values()
  }

  limitsOfVhost(vhost: string): Limits | null {
    return this.#tables.vhostLimits.get(vhostLimitKey(vhost))?.limits ?? null
  }

  limitsOfUser(user: string): Limits | null {
    return this.#tables.userLimits.get(userLimitKey(user))?.limits ?? null
  }

  /** False: it is none of ours. */
  #apply(change: Change): boolean {
    const key = change.kind === 'put' ? change.entry.key : change.key
    const value = change.kind === 'put' ? change.entry.value : null
    if (!this.#taken(key, value)) return false
    this.version++
    if (change.kind === 'put') this.#revisions.set(key, change.entry.modRevision)
    else this.#revisions.delete(key)
    return true
  }

  #taken(key: string, value: string | null): boolean {
    const { users, vhostLimits, userLimits } = this.#tables
    if (key.startsWith(userPrefix))
      set(users, key, value, (text) => parseUser(one(key, userPrefix), text))
    else if (key.startsWith(permissionPrefix)) this.#applyPermission(key, value)
    else if (key.startsWith(topicPermissionPrefix)) this.#applyTopicPermission(key, value)
    else if (key.startsWith(vhostLimitPrefix))
      set(vhostLimits, key, value, (text) => limitsFrom(one(key, vhostLimitPrefix), text))
    else if (key.startsWith(userLimitPrefix))
      set(userLimits, key, value, (text) => limitsFrom(one(key, userLimitPrefix), text))
    else return key === defaultUserKey
    return true
  }

  #applyPermission(key: string, value: string | null): void {
    const [vhost = '', user = ''] = understood(key, namesOf(key, permissionPrefix, 2))
    set(this.#tables.permissions, key, value, (text) => {
      const texts = parsePermissions(text)
      return texts && { vhost, user, texts, ...this.#patterns(texts) }
    })
    const ofVhost = this.#byVhost.get(vhost) ?? new Map<string, Permission>()
    const permission = this.#tables.permissions.get(permissionKey(vhost, user))
    if (permission === undefined) ofVhost.delete(user)
    else ofVhost.set(user, permission)
    if (ofVhost.size === 0) this.#byVhost.delete(vhost)
    else this.#byVhost.set(vhost, ofVhost)
  }

  #applyTopicPermission(key: string, value: string | null): void {
    const names = understood(key, namesOf(key, topicPermissionPrefix, 3))
    const [vhost = '', user = '', exchange = ''] = names
    set(this.#tables.topicPermissions, key, value, (text) => {
      const texts = parseTopicPermissions(text)
      const expanded = (pattern: string) =>
        new CachedPattern(expandVariables(pattern, user, vhost), this.#compiler)
      return (
        texts && {
          ...{ vhost, user, exchange, texts },
          write: expanded(texts.write),
          read: expanded(texts.read),
        }
      )
    })
  }

  #patterns({ configure, write, read }: PermissionTexts) {
    return {
      configure: new CachedPattern(configure, this.#compiler),
      write: new CachedPattern(write, this.#compiler),
      read: new CachedPattern(read, this.#compiler),
    }
  }
}

/** `{username}` and `{vhost}` in a topic permission: each name stands for itself. */
export const expandVariables = (pattern: string, user: string, vhost: string): string =>
  pattern
    .replaceAll('{username}', () => escapedName(user))
    .replaceAll('{vhost}', () => escapedName(vhost))

function set<T>(
  table: Map<string, T>,
  key: string,
  value: string | null,
  parse: (text: string) => T | null,
): void {
  if (value === null) table.delete(key)
  else table.set(key, understood(key, parse(value)))
}

const one = (key: string, prefix: string): string =>
  understood(key, namesOf(key, prefix, 1))[0] ?? ''

function limitsFrom(name: string, text: string): NamedLimits | null {
  const limits = parseLimits(text)
  return limits && { name, limits }
}

function understood<T>(key: string, value: T | null): T {
  if (value !== null) return value
  throw new MetadataFormatError(`the metadata key ${key} is not of a known format`)
}
