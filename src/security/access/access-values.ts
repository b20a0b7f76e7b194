// The keys of the metadata store about who may do what, and the layout of their values (JSON). A
// name in a key is escaped as in a URL, so that the '/' of a vhost does not part it.
//
//   /users/<name>            {"v":1,"tags":[],"algorithm","hash":<base64>,"scram":{<mechanism>:
//                             {"salt","iterations","storedKey","serverKey"}} or null}
//   /permissions/<vhost>/<user>                    {"v":1,"configure","write","read"}
//   /topic-permissions/<vhost>/<user>/<exchange>   {"v":1,"write","read"}
//   /vhost-limits/<vhost>    {"v":1,"limits":{"max-connections":<n>,"max-queues":<n>}}
//   /user-limits/<user>      {"v":1,"limits":{"max-connections":<n>,"max-channels":<n>}}
//   /default-user            when it was made: a node makes it once
//
// Parsing says null for what it does not understand, and the caller stops rather than guess.
import { parseValue } from '../../metadata/keys.ts'
import { type ScramCredential, type ScramMechanism, scramMechanisms } from '../credentials.ts'
import { isHashingAlgorithm, type PasswordHash } from './password-hash.ts'

export type ScramCredentials = Readonly<Record<ScramMechanism, ScramCredential>>

export interface User {
  readonly name: string
  readonly tags: readonly string[]
  readonly hash: PasswordHash
  /** Null for a user who came with a hash only, from which none can be made. */
  readonly scram: ScramCredentials | null
}

export const rights = ['configure', 'write', 'read'] as const
export type Right = (typeof rights)[number]

/** Patterns, as they were set. */
export interface PermissionTexts {
  readonly configure: string
  readonly write: string
  readonly read: string
}

export type TopicPermissionTexts = Pick<PermissionTexts, 'write' | 'read'>

export type VhostLimit = 'max-connections' | 'max-queues'
export type UserLimit = 'max-connections' | 'max-channels'
export const vhostLimits: readonly VhostLimit[] = ['max-connections', 'max-queues']
export const userLimits: readonly UserLimit[] = ['max-connections', 'max-channels']
/** By name; one that is negative, as RabbitMQ writes it, or not there is no limit. */
export type Limits = ReadonlyMap<string, number>

export const userPrefix = '/users/'
export const permissionPrefix = '/permissions/'
export const topicPermissionPrefix = '/topic-permissions/'
export const vhostLimitPrefix = '/vhost-limits/'
export const userLimitPrefix = '/user-limits/'
export const defaultUserKey = '/default-user'

const joined = (...names: string[]): string => names.map(encodeURIComponent).join('/')

export const userKey = (name: string): string => userPrefix + joined(name)
export const permissionKey = (vhost: string, user: string): string =>
  permissionPrefix + joined(vhost, user)
export const topicPermissionKey = (vhost: string, user: string, exchange: string): string =>
  topicPermissionPrefix + joined(vhost, user, exchange)
export const vhostLimitKey = (vhost: string): string => vhostLimitPrefix + joined(vhost)
export const userLimitKey = (user: string): string => userLimitPrefix + joined(user)

/** The `count` names of a key behind its prefix, or null. */
export function namesOf(key: string, prefix: string, count: number): string[] | null {
  try {
    const names = key.slice(prefix.length).split('/').map(decodeURIComponent)
    return names.length === count ? names : null
  } catch (error) {
    if (error instanceof URIError) return null
    throw error
  }
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

export function encodeUser({ tags, hash, scram }: User): string {
  const texts = (credential: ScramCredential) => ({
    salt: base64(credential.salt),
    iterations: credential.iterations,
    storedKey: base64(credential.storedKey),
    serverKey: base64(credential.serverKey),
  })
  const credentials =
    scram && Object.fromEntries(scramMechanisms.map((name) => [name, texts(scram[name])]))
  return JSON.stringify({
    v: 1,
    tags,
    algorithm: hash.algorithm,
    hash: hash.text,
    scram: credentials,
  })
}

export const encodePermissions = (texts: PermissionTexts | TopicPermissionTexts): string =>
  JSON.stringify({ v: 1, ...texts })

export const encodeLimits = (limits: Limits): string =>
  JSON.stringify({ v: 1, limits: Object.fromEntries(limits) })

export function parseUser(name: string, text: string): User | null {
  const { tags, algorithm, hash, scram } = parseValue(text) ?? {}
  if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === 'string')) return null
  if (typeof algorithm !== 'string' || !isHashingAlgorithm(algorithm)) return null
  if (typeof hash !== 'string') return null
  const user = { name, tags, hash: { algorithm, text: hash } }
  if (scram === null) return { ...user, scram: null }
  const credentials = parseScram(scram)
  return credentials && { ...user, scram: credentials }
}

function parseScram(value: unknown): ScramCredentials | null {
  if (typeof value !== 'object' || value === null) return null
  const of = (mechanism: ScramMechanism): ScramCredential | null => {
    const given: unknown = (value as Record<string, unknown>)[mechanism]
    if (typeof given !== 'object' || given === null) return null
    const { salt, iterations, storedKey, serverKey } = given as Record<string, unknown>
    if (typeof salt !== 'string' || typeof storedKey !== 'string') return null
    if (typeof serverKey !== 'string' || !Number.isSafeInteger(iterations)) return null
    return {
      salt: Buffer.from(salt, 'base64'),
      iterations: Number(iterations),
      storedKey: Buffer.from(storedKey, 'base64'),
      serverKey: Buffer.from(serverKey, 'base64'),
    }
  }
  const short = of('SCRAM-SHA-256')
  const long = of('SCRAM-SHA-512')
  return short && long && { 'SCRAM-SHA-256': short, 'SCRAM-SHA-512': long }
}

export function parsePermissions(text: string): PermissionTexts | null {
  const { configure, write, read } = parseValue(text) ?? {}
  if (typeof configure !== 'string' || typeof write !== 'string') return null
  return typeof read === 'string' ? { configure, write, read } : null
}

export function parseTopicPermissions(text: string): TopicPermissionTexts | null {
  const { write, read } = parseValue(text) ?? {}
  return typeof write === 'string' && typeof read === 'string' ? { write, read } : null
}

export function parseLimits(text: string): Limits | null {
  const { limits } = parseValue(text) ?? {}
  if (typeof limits !== 'object' || limits === null) return null
  const parsed = new Map<string, number>()
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value)) return null
    parsed.set(name, Number(value))
  }
  return parsed
}
