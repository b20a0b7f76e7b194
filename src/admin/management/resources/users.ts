// /api/users and /api/whoami. Passwords come in clear or as RabbitMQ's hashes; what is shown of
// them are the hashes.
import { tagsOf } from '../../../broker/definitions/json-fields.ts'
import type { HttpAnswer } from '../../../io/http.ts'
import type { User } from '../../../security/access/access-values.ts'
import type { Secret } from '../../../security/access/accounts.ts'
import { hashingDefault, isHashingAlgorithm } from '../../../security/access/password-hash.ts'
import { badRequest, json, must, noContent, notFound, put } from '../answer.ts'
import { type Call, type JsonBody, textIn, textWithin } from '../call.ts'
import { listed } from '../listing.ts'
import { loginsOf } from '../numbers.ts'

export const whoami = ({ caller }: Call): HttpAnswer =>
  json({ name: caller.user, tags: caller.tags, is_internal_user: true })

export function describeUser({ node }: Call, { name, hash, tags }: User): Record<string, unknown> {
  const limits = node.accounts.limits.users().find((each) => each.name === name)
  return {
    name,
    password_hash: hash.text,
    hashing_algorithm: hash.algorithm,
    tags,
    limits: Object.fromEntries(limits?.limits ?? []),
  }
}

const list = (call: Call, users: readonly User[]): Promise<HttpAnswer> =>
  listed(
    call,
    users,
    ({ name }) => name,
    (user) => describeUser(call, user),
  )

export const listUsers = (call: Call): Promise<HttpAnswer> => list(call, call.node.accounts.users())

export function listWithoutPermissions(call: Call): Promise<HttpAnswer> {
  const { accounts } = call.node
  const known = new Set(accounts.permissions.list().map(({ user }) => user))
  return list(
    call,
    accounts.users().filter(({ name }) => !known.has(name)),
  )
}

export function userOf(call: Call): User {
  const user = call.node.accounts.user(call.part('user'))
  if (user === null) throw notFound()
  return user
}

export const showUser = (call: Call): HttpAnswer => json(describeUser(call, userOf(call)))

/** Tags come as an array or as a text with commas; null: not given. */
export function tagsIn(body: JsonBody): string[] | null {
  const { tags: given, administrator } = body
  if (given === undefined || given === null) {
    // As of before there were tags.
    if (administrator === undefined || administrator === null) return null
    return administrator === true || administrator === 'true' ? ['administrator'] : []
  }
  const tags = tagsOf(given)
  if (tags === null) throw badRequest('tags are texts')
  return tags
}

/** Null: no way to log in by password. */
export function secretIn(body: JsonBody): Secret {
  const password = textWithin(body, 'password')
  const text = textWithin(body, 'password_hash')
  if (password !== '' && text !== '') throw badRequest('Cannot specify both password and hash')
  if (password !== '') return { password }
  if (text === '') return null
  const algorithm = textIn(body, 'hashing_algorithm', hashingDefault)
  if (!isHashingAlgorithm(algorithm))
    throw badRequest(`the hashing algorithm ${algorithm.slice(0, 60)} is not known here`)
  return { hash: { algorithm, text } }
}

/** As RabbitMQ 4 does: what `password_hash` of a user may be. */
export const hashOf = (call: Call): HttpAnswer =>
  json({ ok: call.node.accounts.hashOf(call.part('password')).text })

/** How often clients of each protocol have logged in. */
export function showAttempts(call: Call): HttpAnswer {
  if (call.part('name') !== call.node.name) throw notFound()
  const rows = loginsOf(call.node).map(([protocol, { done, failed }]) => ({
    protocol,
    auth_attempts: done + failed,
    auth_attempts_failed: failed,
    auth_attempts_succeeded: done,
  }))
  return json(rows)
}

export async function putUser(call: Call): Promise<HttpAnswer> {
  const { accounts } = call.node
  const name = call.part('user')
  const body = call.body()
  const tags = tagsIn(body)
  if (tags === null) throw badRequest('tags_not_present')
  const isNew = accounts.user(name) === null
  const keepsSecret =
    !isNew && body['password'] === undefined && body['password_hash'] === undefined
  if (keepsSecret) must(await accounts.setTags(name, tags))
  else must(await accounts.putUser(name, secretIn(body), tags))
  return put(isNew)
}

export async function deleteUser(call: Call): Promise<HttpAnswer> {
  must(await call.node.accounts.deleteUser(userOf(call).name))
  return noContent
}

export async function deleteUsers(call: Call): Promise<HttpAnswer> {
  const { users } = call.bodyWith('users')
  const { accounts } = call.node
  if (!Array.isArray(users) || !users.every((name) => typeof name === 'string'))
    throw badRequest('users are names')
  // In order, as RabbitMQ does: those before one that is unknown are gone.
  for (const name of users) {
    if (accounts.user(name) === null) throw badRequest(`no_such_user: ${name.slice(0, 255)}`)
    must(await accounts.deleteUser(name))
  }
  return noContent
}
