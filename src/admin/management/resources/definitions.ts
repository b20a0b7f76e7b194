// /api/definitions, going out: everything that was declared, in RabbitMQ's format, so that it can
// be imported here or there. Without exclusive queues, which go with their connections.

import { jsonText } from '../../../base/json.ts'
import { isOwn } from '../../../broker/declarations/definitions.ts'
import type { VhostCore } from '../../../broker/messaging/vhost-core.ts'
import type { HttpAnswer } from '../../../io/http.ts'
import { plainTable } from '../../../model/message/readable-headers.ts'
import { pieces } from '../answer.ts'
import type { Call } from '../call.ts'
import { streamed } from '../listing.ts'
import { allGlobalParameters, allParameters } from './parameters.ts'
import { shownPermission, shownTopicPermission } from './permissions.ts'
import { shownPolicy } from './policies.ts'
import { describeUser } from './users.ts'

/** Made when it is written: all of them together may be more than one text can hold. */
type Row = () => Readonly<Record<string, unknown>>

/** Topics that were made by other means than a declaration are no definitions. */
const exportable = ({ queues, streams }: VhostCore) => [
  ...[...queues.values()].filter(({ owner }) => owner === null),
  ...[...streams.values()].filter(({ isDeclared }) => isDeclared),
]

const queuesOf = (core: VhostCore): Row[] =>
  exportable(core).map(({ name, definition }) => () => ({
    name,
    vhost: core.name,
    durable: definition.durable,
    auto_delete: definition.autoDelete,
    arguments: plainTable(definition.arguments),
  }))

const exchangesOf = ({ name: vhost, exchanges }: VhostCore): Row[] =>
  [...exchanges.values()]
    .filter(({ name }) => !isOwn(name))
    .map((exchange) => () => ({
      name: exchange.name,
      vhost,
      type: exchange.type,
      durable: exchange.durable,
      auto_delete: exchange.autoDelete,
      internal: exchange.internal,
      arguments: plainTable(exchange.arguments),
    }))

const bindingsOf = (core: VhostCore): Row[] =>
  [...core.exchanges.keys()]
    .flatMap((name) => (name === '' ? [] : core.routing.bindingsFrom(name)))
    .filter(({ kind, target }) => kind === 'exchange' || isExported(core, target))
    .map((binding) => () => ({
      source: binding.source,
      vhost: core.name,
      destination: binding.target,
      destination_type: binding.kind,
      routing_key: binding.routingKey,
      arguments: plainTable(binding.arguments),
    }))

/** A binding to a topic that nobody declared is: who takes it in is told what has to be there. */
function isExported({ queues, streams }: VhostCore, name: string): boolean {
  return queues.get(name)?.owner === null || streams.has(name)
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
  const lists = {
    users: accounts.users().map((user) => () => describeUser(call, user)),
    vhosts: cores.map((core) => () => vhostRow(core)),
    permissions: accounts.permissions.list().map((each) => () => shownPermission(each)),
    topic_permissions: accounts.permissions
      .listTopic()
      .map((each) => () => shownTopicPermission(each)),
    parameters: allParameters(call).map((each) => () => ({ ...each })),
    global_parameters: allGlobalParameters(call).map((each) => () => each),
    policies: policies.list('user').map((each) => () => shownPolicy(each)),
    queues: cores.flatMap(queuesOf),
    exchanges: cores.flatMap(exchangesOf),
    bindings: cores.flatMap(bindingsOf),
  }
  return pieces(written(call, versions(call), lists))
}

/** Of one vhost, without its name in each row, but for what RabbitMQ writes it in too. */
export function exportVhost(call: Call): HttpAnswer {
  const core = call.vhost()
  const isHere = ({ vhost }: { readonly vhost: string }): boolean => vhost === core.name
  const policies = call.node.policies.list('user').filter(isHere)
  const lists = {
    parameters: allParameters(call)
      .filter(isHere)
      .map((each) => () => ({ ...each })),
    policies: policies.map((each) => () => shownPolicy(each)),
    queues: queuesOf(core).map(bare),
    exchanges: exchangesOf(core).map(bare),
    bindings: bindingsOf(core).map(bare),
  }
  return pieces(written(call, { ...versions(call), ...vhostRow(core) }, lists))
}

const bare =
  (row: Row): Row =>
  () => {
    const { vhost: _, ...rest } = row()
    return rest
  }

async function* written(
  call: Call,
  head: Readonly<Record<string, unknown>>,
  lists: Readonly<Record<string, readonly Row[]>>,
): AsyncGenerator<string> {
  yield jsonText(head).slice(0, -1)
  for (const [name, rows] of Object.entries(lists)) {
    yield `,"${name}":`
    yield* streamed(call, rows, (row) => row())
  }
  yield '}'
}
