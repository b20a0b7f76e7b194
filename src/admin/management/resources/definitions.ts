// /api/definitions, going out: everything that was declared, in RabbitMQ's format, so that it can
// be imported here or there. Without exclusive queues, which go with their connections.

import { isOwn } from '../../../broker/declarations/definitions.ts'
import type { VhostCore } from '../../../broker/messaging/vhost-core.ts'
import type { HttpAnswer } from '../../../io/http.ts'
import { plainTable } from '../../../model/message/readable-headers.ts'
import { json } from '../answer.ts'
import type { Call } from '../call.ts'
import { allGlobalParameters, allParameters } from './parameters.ts'
import { shownPermission, shownTopicPermission } from './permissions.ts'
import { shownPolicy } from './policies.ts'
import { describeUser } from './users.ts'

type Rows = readonly Readonly<Record<string, unknown>>[]

/** Topics that were made by other means than a declaration are no definitions. */
const exportable = ({ queues, streams }: VhostCore) => [
  ...[...queues.values()].filter(({ owner }) => owner === null),
  ...[...streams.values()].filter(({ isDeclared }) => isDeclared),
]

const queuesOf = (core: VhostCore): Rows =>
  exportable(core).map(({ name, definition }) => ({
    name,
    vhost: core.name,
    durable: definition.durable,
    auto_delete: definition.autoDelete,
    arguments: plainTable(definition.arguments),
  }))

const exchangesOf = ({ name: vhost, exchanges }: VhostCore): Rows =>
  [...exchanges.values()]
    .filter(({ name }) => !isOwn(name))
    .map((exchange) => ({
      name: exchange.name,
      vhost,
      type: exchange.type,
      durable: exchange.durable,
      auto_delete: exchange.autoDelete,
      internal: exchange.internal,
      arguments: plainTable(exchange.arguments),
    }))

const bindingsOf = (core: VhostCore): Rows =>
  [...core.exchanges.keys()]
    .flatMap((name) => (name === '' ? [] : core.routing.bindingsFrom(name)))
    .filter(({ kind, target }) => kind === 'exchange' || isExported(core, target))
    .map((binding) => ({
      source: binding.source,
      vhost: core.name,
      destination: binding.target,
      destination_type: binding.kind,
      routing_key: binding.routingKey,
      arguments: plainTable(binding.arguments),
    }))

function isExported({ queues, streams }: VhostCore, name: string): boolean {
  return queues.get(name)?.owner === null || streams.get(name)?.isDeclared === true
}

const vhostRow = ({ name, about }: VhostCore) => ({
  name,
  description: about.description,
  tags: about.tags,
  default_queue_type: about.defaultQueueType,
  metadata: {
    description: about.description,
    tags: about.tags,
    default_queue_type: about.defaultQueueType,
  },
})

const versions = ({ node }: Call) => ({
  rabbit_version: node.behavesLike,
  rabbitmq_version: node.behavesLike,
  product_name: 'PolyMQ',
  product_version: node.version,
})

export function exportAll(call: Call): HttpAnswer {
  const { accounts, messaging, policies } = call.node
  const cores = [...messaging.vhosts.values()]
  return json({
    ...versions(call),
    users: accounts.users().map((user) => describeUser(call, user)),
    vhosts: cores.map(vhostRow),
    permissions: accounts.permissions.list().map(shownPermission),
    topic_permissions: accounts.permissions.listTopic().map(shownTopicPermission),
    parameters: allParameters(call),
    global_parameters: allGlobalParameters(call),
    policies: policies.list('user').map(shownPolicy),
    queues: cores.flatMap(queuesOf),
    exchanges: cores.flatMap(exchangesOf),
    bindings: cores.flatMap(bindingsOf),
  })
}

/** Of one vhost, without its name in each row, but for what RabbitMQ writes it in too. */
export function exportVhost(call: Call): HttpAnswer {
  const core = call.vhost()
  const { policies } = call.node
  const bare = (rows: Rows) => rows.map(({ vhost: _, ...rest }) => rest)
  const ofVhost = <T extends { vhost: string }>(rows: readonly T[]): T[] =>
    rows.filter(({ vhost }) => vhost === core.name)
  return json({
    ...versions(call),
    ...vhostRow(core),
    parameters: ofVhost(allParameters(call)),
    policies: ofVhost(policies.list('user').map(shownPolicy)),
    queues: bare(queuesOf(core)),
    exchanges: bare(exchangesOf(core)),
    bindings: bare(bindingsOf(core)),
  })
}
