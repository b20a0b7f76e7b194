// Gives definitions out, in the JSON that `import.ts` and RabbitMQ take in: what is durable, of all
// vhosts or of one. Passwords go as their hashes. Called by the management API.

import { type FieldTable, textOf } from '../../model/message/field.ts'
import { isOwn } from '../messaging/definitions.ts'
import type { HostedQueue } from '../messaging/hosted-queue.ts'
import type { HostedStream } from '../messaging/hosted-stream.ts'
import { queueType } from '../messaging/queue-arguments.ts'
import type { VhostCore } from '../messaging/vhost-core.ts'
import type { Policy } from '../policies/policy-values.ts'
import type { DefinitionsHome } from './import.ts'
import { jsonOf } from './json-fields.ts'

export type Definitions = Readonly<Record<string, readonly object[]>>

/** Users and vhosts are of the node, and left out of an export of one vhost. */
export function exportDefinitions(home: DefinitionsHome, vhost: string | null): Definitions {
  const { vhosts } = home.messaging
  const cores = [...vhosts.values()].filter(({ name }) => vhost === null || name === vhost)
  const isMeant = (of: { vhost: string }): boolean => vhost === null || of.vhost === vhost
  const things = {
    parameters: [
      ...limitsOfVhosts(home, vhost),
      ...home.policies.list('operator').filter(isMeant).map(operatorPolicyOf),
      ...home.policies.parameters().filter(isMeant),
    ],
    policies: home.policies.list('user').filter(isMeant).map(policyOf),
    exchanges: cores.flatMap(exchangesOf),
    queues: cores.flatMap(queuesOf),
    bindings: cores.flatMap(bindingsOf),
  }
  if (vhost !== null) return things
  const { permissions } = home.accounts
  return {
    users: usersOf(home),
    vhosts: cores.map(vhostOf),
    permissions: permissions.list().map(({ user, vhost, texts }) => ({ user, vhost, ...texts })),
    topic_permissions: permissions
      .listTopic()
      .map(({ user, vhost, exchange, texts }) => ({ user, vhost, exchange, ...texts })),
    global_parameters: home.policies.globalParameters(),
    ...things,
  }
}

const policyOf = ({ vhost, name, pattern, applyTo, priority, definition }: Policy): object => ({
  vhost,
  name,
  pattern,
  'apply-to': applyTo,
  definition,
  priority,
})

/** RabbitMQ keeps them as parameters. */
const operatorPolicyOf = ({ vhost, name, pattern, applyTo, priority, definition }: Policy) => ({
  vhost,
  component: 'operator_policy',
  name,
  value: { pattern, definition, priority, 'apply-to': applyTo },
})

/** Written twice, as RabbitMQ's releases look in one place or the other. */
function vhostOf({ name, about }: VhostCore): object {
  const { description, tags, defaultQueueType } = about
  const noted = { description, tags, default_queue_type: defaultQueueType }
  return { name, ...noted, metadata: noted }
}

const usersOf = ({ accounts }: DefinitionsHome): object[] =>
  accounts.users().map(({ name, hash, tags }) => ({
    name,
    password_hash: hash.text,
    hashing_algorithm: hash.algorithm,
    tags,
    limits: Object.fromEntries(
      accounts.limits.users().find((each) => each.name === name)?.limits ?? [],
    ),
  }))

const limitsOfVhosts = ({ accounts }: DefinitionsHome, vhost: string | null): object[] =>
  accounts.limits
    .vhosts()
    .filter(({ name }) => vhost === null || name === vhost)
    .map(({ name, limits }) => ({
      vhost: name,
      component: 'vhost-limits',
      name: 'limits',
      value: Object.fromEntries(limits),
    }))

const exchangesOf = (core: VhostCore): object[] =>
  [...core.exchanges.values()]
    .filter(({ name, durable }) => durable && !isOwn(name))
    .map(({ name, type, durable, autoDelete, internal, arguments: table }) => ({
      name,
      vhost: core.name,
      type,
      durable,
      auto_delete: autoDelete,
      internal,
      arguments: jsonOf(table),
    }))

const durableQueues = (core: VhostCore): HostedQueue[] =>
  [...core.queues.values()].filter(({ definition }) => definition.durable)

const queuesOf = (core: VhostCore): object[] =>
  [...durableQueues(core), ...declaredStreams(core)].map(
    ({ definition: { name, durable, autoDelete, arguments: table } }) => ({
      name,
      vhost: core.name,
      type: typeOf(table),
      durable,
      auto_delete: autoDelete,
      arguments: jsonOf(table),
    }),
  )

/** Topics that were made by other means are no definitions. */
const declaredStreams = (core: VhostCore): HostedStream[] =>
  [...core.streams.values()].filter(({ isDeclared }) => isDeclared)

const typeOf = (table: FieldTable): string =>
  textOf(table.get('x-queue-type')) === 'stream' ? 'stream' : queueType(table)

/** Between what is durable, without those that every queue has to the default exchange. */
function bindingsOf(core: VhostCore): object[] {
  const queues = new Set([...durableQueues(core), ...declaredStreams(core)].map((q) => q.name))
  const isDurable = (name: string): boolean => core.exchanges.get(name)?.durable === true
  return [...core.exchanges.keys()]
    .filter((name) => name !== '' && isDurable(name))
    .flatMap((name) => core.routing.bindingsFrom(name))
    .filter(({ kind, target }) => (kind === 'queue' ? queues.has(target) : isDurable(target)))
    .map(({ source, kind, target, routingKey, arguments: table }) => ({
      source,
      vhost: core.name,
      destination: target,
      destination_type: kind,
      routing_key: routingKey,
      arguments: jsonOf(table),
    }))
}
