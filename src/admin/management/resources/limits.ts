// /api/vhost-limits and /api/user-limits.
import type { HttpAnswer } from '../../../io/http.ts'
import type { NamedLimits } from '../../../security/access/access-image.ts'
import { badRequest, must, noContent } from '../answer.ts'
import { type Call, integerIn, type JsonBody } from '../call.ts'
import { listedWhole } from '../listing.ts'
import { userOf } from './users.ts'

/** Throws Refused. Null is none, too: to take a limit away is a DELETE. */
function limitIn(body: JsonBody, name: string): number {
  if (body[name] === null) throw badRequest(`${name}: not_integer`)
  return integerIn(body, name, -1)
}

const shown = (what: 'vhost' | 'user', { name, limits }: NamedLimits) => ({
  [what]: name,
  value: Object.fromEntries(limits),
})

export function listVhostLimits(call: Call): Promise<HttpAnswer> {
  const vhost = call.has('vhost') ? call.vhost().name : null
  const set = call.node.accounts.limits
    .vhosts()
    .filter(({ name }) => (vhost === null ? call.sees(name) : name === vhost))
  const rows = set.map((each) => shown('vhost', each))
  return listedWhole(call, rows, ['vhost'])
}

/** Throws Refused. */
export async function setVhostLimits(call: Call, vhost: string, body: JsonBody): Promise<void> {
  for (const name of Object.keys(body)) {
    const value = limitIn(body, name)
    must(await call.node.accounts.limits.setVhost(vhost, name, value))
  }
}

export async function putVhostLimit(call: Call): Promise<HttpAnswer> {
  const value = limitIn(call.bodyWith('value'), 'value')
  const { limits } = call.node.accounts
  must(await limits.setVhost(call.vhost().name, call.part('name'), value))
  return noContent
}

export async function deleteVhostLimit(call: Call): Promise<HttpAnswer> {
  const { limits } = call.node.accounts
  must(await limits.setVhost(call.vhost().name, call.part('name'), null))
  return noContent
}

// ---- Of users -----------------------------------------------------------------------------------

export function listUserLimits(call: Call): Promise<HttpAnswer> {
  const user = call.has('user') ? userOf(call).name : null
  const set = call.node.accounts.limits.users()
  const seen = set.filter(({ name }) => user === null || name === user)
  const rows = seen.map((each) => shown('user', each))
  return listedWhole(call, rows, ['user'])
}

export async function putUserLimit(call: Call): Promise<HttpAnswer> {
  const user = userOf(call).name
  const value = limitIn(call.bodyWith('value'), 'value')
  must(await call.node.accounts.limits.setUser(user, call.part('name'), value))
  return noContent
}

export async function deleteUserLimit(call: Call): Promise<HttpAnswer> {
  must(await call.node.accounts.limits.setUser(userOf(call).name, call.part('name'), null))
  return noContent
}
