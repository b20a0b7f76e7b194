// /api/vhosts: virtual hosts, and who may use them.
import { tagsOf } from '../../../broker/definitions/json-fields.ts'
import type { VhostCore } from '../../../broker/messaging/vhost-core.ts'
import type { HttpAnswer } from '../../../io/http.ts'
import { badRequest, must, noContent, notFound, put } from '../answer.ts'
import { type Call, type JsonBody, textIn } from '../call.ts'
import { compareNames, listed, shownOne } from '../listing.ts'
import { vhostCounts, vhostLengths } from '../numbers.ts'
import { messageStats, withRates } from '../shown.ts'
import { listPermissions, listTopicPermissions } from './permissions.ts'

export function listVhosts(call: Call): Promise<HttpAnswer> {
  const cores = [...call.vhosts()].sort((a, b) => compareNames(a.name, b.name))
  return listed(
    call,
    cores,
    ({ name }) => name,
    (core) => describe(call, core),
  )
}

function describe({ node, rates }: Call, core: VhostCore): Record<string, unknown> {
  const { description, tags, defaultQueueType } = core.about
  return {
    name: core.name,
    description,
    tags,
    default_queue_type: defaultQueueType,
    metadata: { description, tags, default_queue_type: defaultQueueType },
    tracing: false,
    cluster_state: { [node.name]: 'running' },
    ...withRates(vhostLengths(core), rates, core),
    ...messageStats(vhostCounts(core), rates, core),
  }
}

export const showVhost = (call: Call): HttpAnswer => shownOne(call, describe(call, call.vhost()))

export const queueTypes = ['classic', 'quorum', 'stream'] as const

export function aboutIn(body: JsonBody) {
  const tags = tagsOf(body['tags'] ?? [])
  if (tags === null) throw badRequest('tags are texts')
  const type = textIn(body, 'default_queue_type', 'classic')
  const known = queueTypes.find((each) => each === type)
  if (known === undefined && type !== 'undefined')
    throw badRequest(`default_queue_type is one of ${queueTypes.join(', ')}`)
  return {
    description: textIn(body, 'description'),
    tags,
    defaultQueueType: known ?? 'classic',
  }
}

/** It runs wherever its node does. */
export function startVhost(call: Call): HttpAnswer {
  call.vhost()
  if (call.part('name') !== call.node.name) throw badRequest('there is no such node')
  return noContent
}

/** Who makes it may use it. */
export async function putVhost(call: Call): Promise<HttpAnswer> {
  const { messaging, accounts } = call.node
  const name = call.part('vhost')
  const isNew = !messaging.vhosts.has(name)
  const body = call.body()
  const { about } = messaging.vhosts.get(name) ?? {}
  const wished = about === undefined ? body : { ...keptAbout(about), ...body }
  must(await messaging.putVhost(name, aboutIn(wished)))
  if (isNew) {
    const all = { configure: '.*', write: '.*', read: '.*' }
    must(await accounts.permissions.set(call.caller.user, name, all))
  }
  return put(isNew)
}

const keptAbout = (about: VhostCore['about']): JsonBody => ({
  description: about.description,
  tags: about.tags,
  default_queue_type: about.defaultQueueType,
})

export async function deleteVhost(call: Call): Promise<HttpAnswer> {
  const name = call.part('vhost')
  const { messaging } = call.node
  if (!messaging.vhosts.has(name)) throw notFound()
  const gone = await messaging.deleteVhost(name)
  must(gone)
  for (const { vhost, view } of messaging.sessions)
    if (vhost === name) view?.close(`vhost '${name}' is deleted`)
  return noContent
}

export function listVhostPermissions(call: Call): Promise<HttpAnswer> {
  return listPermissions(call, { vhost: call.vhost().name })
}

export function listVhostTopicPermissions(call: Call): Promise<HttpAnswer> {
  return listTopicPermissions(call, { vhost: call.vhost().name })
}
