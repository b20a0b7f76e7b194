// /api/permissions and /api/topic-permissions.
import type { HttpAnswer } from '../../../io/http.ts'
import type { Permission, TopicPermission } from '../../../security/access/access-image.ts'
import type { PermissionFilter } from '../../../security/access/permissions.ts'
import { badRequest, json, must, noContent, notFound, put } from '../answer.ts'
import { type Call, textWithin } from '../call.ts'
import { listedWhole } from '../listing.ts'
import { userOf } from './users.ts'

export const shownPermission = ({ user, vhost, texts }: Permission) => ({ user, vhost, ...texts })
export const shownTopicPermission = ({ user, vhost, exchange, texts }: TopicPermission) => ({
  ...{ user, vhost, exchange },
  ...texts,
})

export const listPermissions = (call: Call, filter: PermissionFilter): Promise<HttpAnswer> =>
  listedWhole(call, call.node.accounts.permissions.list(filter).map(shownPermission), [
    'vhost',
    'user',
  ])

export const listTopicPermissions = (call: Call, filter: PermissionFilter): Promise<HttpAnswer> =>
  listedWhole(call, call.node.accounts.permissions.listTopic(filter).map(shownTopicPermission), [
    'vhost',
    'user',
    'exchange',
  ])

export const listAll = (call: Call): Promise<HttpAnswer> => listPermissions(call, {})
export const listOfUser = (call: Call): Promise<HttpAnswer> =>
  listPermissions(call, { user: userOf(call).name })
export const listAllTopics = (call: Call): Promise<HttpAnswer> => listTopicPermissions(call, {})
export const listTopicOfUser = (call: Call): Promise<HttpAnswer> =>
  listTopicPermissions(call, { user: userOf(call).name })

function permissionOf(call: Call): Permission {
  const filter = { user: call.part('user'), vhost: call.part('vhost') }
  const [found] = call.node.accounts.permissions.list(filter)
  if (found === undefined) throw notFound()
  return found
}

export const showPermission = (call: Call): HttpAnswer => json(shownPermission(permissionOf(call)))

/** The user and the vhost of the path, which must both be there. */
function endsOf(call: Call): { user: string; vhost: string } {
  const [user, vhost] = [call.part('user'), call.part('vhost')]
  const { accounts, messaging } = call.node
  if (accounts.user(user) === null || !messaging.vhosts.has(vhost))
    throw badRequest('vhost_or_user_not_found')
  return { user, vhost }
}

export async function putPermission(call: Call): Promise<HttpAnswer> {
  const body = call.bodyWith('configure', 'write', 'read')
  const { user, vhost } = endsOf(call)
  const { permissions } = call.node.accounts
  const isNew = permissions.of(user, vhost) === null
  const texts = {
    configure: textWithin(body, 'configure'),
    write: textWithin(body, 'write'),
    read: textWithin(body, 'read'),
  }
  must(await permissions.set(user, vhost, texts))
  return put(isNew)
}

export async function deletePermission(call: Call): Promise<HttpAnswer> {
  const { user, vhost } = permissionOf(call)
  must(await call.node.accounts.permissions.clear(user, vhost))
  return noContent
}

// ---- Of topics ----------------------------------------------------------------------------------

export function showTopicPermissions(call: Call): HttpAnswer {
  const filter = { user: call.part('user'), vhost: call.part('vhost') }
  const found = call.node.accounts.permissions.listTopic(filter)
  if (found.length === 0) throw notFound()
  return json(found.map(shownTopicPermission))
}

export async function putTopicPermission(call: Call): Promise<HttpAnswer> {
  const body = call.bodyWith('exchange', 'write', 'read')
  const { user, vhost } = endsOf(call)
  const { permissions } = call.node.accounts
  const exchange = textWithin(body, 'exchange')
  const isNew = permissions.listTopic({ user, vhost }).length === 0
  const texts = { write: textWithin(body, 'write'), read: textWithin(body, 'read') }
  must(await permissions.setTopic(user, vhost, exchange, texts))
  return put(isNew)
}

export async function deleteTopicPermission(call: Call): Promise<HttpAnswer> {
  const [user, vhost] = [call.part('user'), call.part('vhost')]
  const { permissions } = call.node.accounts
  if (permissions.listTopic({ user, vhost }).length === 0) throw notFound()
  const exchange = call.has('exchange') ? call.exchange('exchange') : null
  must(await permissions.clearTopic(user, vhost, exchange))
  return noContent
}
