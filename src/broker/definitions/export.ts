// Gives definitions out, in the JSON that `import.ts` and RabbitMQ take in: what is durable, of all
// vhosts or of one. Passwords go as their hashes. Called by the management API.

import { isOwn } from '../declarations/definitions.ts'
import { queueType } from '../declarations/queue-arguments.ts'
import type { HostedQueue } from '../messaging/hosted-queue.ts'
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
    parameters: [...limitsOfVhosts(home, vhost), ...home.policies.parameters().filter(isMeant)],
    policies: home.policies.list('user').filter(isMeant).map(policyOf),
    operator_policies: home.policies.list('operator').filter(isMeant).map(policyOf),
    exchanges: cores.flatMap(exchangesOf),
    queues: cores.flatMap(queuesOf),
    bindings: cores.flatMap(bindingsOf),
  }
  if (vhost !== null) return things
  const { permissions } = home.accounts
  return {
    users: usersOf(home),
    vhosts: [...vhosts.keys()].map((name) => ({ name })),
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
  durableQueues(core).map(({ definition: { name, durable, autoDelete, arguments: table } }) => ({
    name,
    vhost: core.name,
    type: queueType(table),
    durable,
    auto_delete: autoDelete,
    arguments: jsonOf(table),
  }))

/** Between what is durable, without those that every queue has to the default exchange. */
function bindingsOf(core: VhostCore): object[] {
  const queues = new Set(durableQueues(core).map(({ name }) => name))
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
