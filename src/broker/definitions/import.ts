// Takes definitions in: users, vhosts, permissions, policies, parameters, exchanges, queues and
// bindings, in the JSON that RabbitMQ exports. What is no exchange, queue or binding becomes what
// the text says; exchanges, queues and bindings that are there stay as they are, so that the same
// text can be taken in at every start. The first thing that cannot be taken in ends it with a
// refusal that names it; what came before stays. Called when a node starts
// (polymq.definitions.file) and by the management API.
import { depthMax, parseObject } from '../../base/json.ts'
import { ok, type Refusal, type Result, refuse } from '../../model/errors.ts'
import type { Accounts, Secret } from '../../security/access/accounts.ts'
import { nameFault } from '../../security/access/name-fault.ts'
import {
  type HashingAlgorithm,
  hashingDefault,
  hashingOld,
  isHashingAlgorithm,
} from '../../security/access/password-hash.ts'
import { cleanName, isOwn } from '../declarations/definitions.ts'
import { BindingChanges } from '../messaging/binding-changes.ts'
import { ExchangeChanges } from '../messaging/exchange-changes.ts'
import type { NodeMessaging } from '../messaging/node-messaging.ts'
import { QueueChanges } from '../messaging/queue-changes.ts'
import type { VhostCore } from '../messaging/vhost-core.ts'
import type { Policies, PolicyRole } from '../policies/policies.ts'
import {
  type Json,
  type JsonObject,
  keptComponents,
  policyScopes,
} from '../policies/policy-values.ts'
import { tableOf, tagsOf } from './json-fields.ts'

export interface DefinitionsHome {
  readonly accounts: Accounts
  readonly messaging: NodeMessaging
  readonly policies: Policies
}

/** An object of JSON. */
export type Item = Readonly<Record<string, unknown>>
type Take = (item: Item) => Promise<Result<null>>

/** Of the JSON text; RabbitMQ's exports of large clusters have a few. */
export const definitionsBytesMax = 64 << 20

/** Of what could not be taken in, so many are told. */
const problemsMax = 20

/** The object that the text is, or null. */
export function parseDefinitions(text: string): Item | null {
  // What was set as an object of its own stands in one of a list of an object here.
  return parseObject(text.replace(/^\ufeff/, ''), depthMax + 2)
}

/**
 * `vhost`: everything belongs to it, and users and vhosts are left out; null: everything has to
 * name its own. What could not be taken in, in words that name it; empty: all is there.
 */
export async function importDefinitions(
  home: DefinitionsHome,
  definitions: Item,
  vhost: string | null = null,
): Promise<string[]> {
  const into = new Import(home, vhost, hashingOf(definitions))
  // Each kind may name things of the kinds before it.
  const ofNode: readonly [string, Take][] = [
    ['vhosts', (item) => into.vhost(item)],
    ['users', (item) => into.user(item)],
    ['permissions', (item) => into.permission(item)],
    ['topic_permissions', (item) => into.topicPermission(item)],
    ['global_parameters', (item) => into.globalParameter(item)],
  ]
  const ofVhosts: readonly [string, Take][] = [
    ['parameters', (item) => into.parameter(item)],
    ['policies', (item) => into.policy(item, 'user')],
    ['exchanges', (item) => into.exchange(item)],
    ['queues', (item) => into.queue(item)],
    ['bindings', (item) => into.binding(item)],
  ]
  const problems: string[] = []
  for (const [kind, take] of vhost === null ? [...ofNode, ...ofVhosts] : ofVhosts)
    for (const problem of await takeAll(kind, definitions[kind], take)) problems.push(problem)
  for (const name of into.ruled) await home.messaging.policiesFollowed(name)
  const more = problems.length - problemsMax
  return more > 0 ? [...problems.slice(0, problemsMax), `${more} more`] : problems
}

async function takeAll(kind: string, list: unknown, take: Take): Promise<string[]> {
  if (list === undefined) return []
  if (!Array.isArray(list)) return [`${kind} is not a list`]
  const problems: string[] = []
  // Each item keeps the number by which it is named.
  const first = [...list.entries()].filter(([, item]) => !isOver(item))
  const last = [...list.entries()].filter(([, item]) => isOver(item))
  for (const [index, item] of [...first, ...last]) {
    const where = `${kind}[${index}]`
    if (typeof item !== 'object' || item === null) problems.push(`${where} is not an object`)
    else {
      const taken = await take(item as Item)
      if (!taken.ok) problems.push(`${where}: ${taken.message.slice(0, 300)}`)
    }
  }
  return problems
}

/** A queue over a topic, which may be a stream that stands behind it. */
const isOver = (item: unknown): boolean =>
  Object(Object(item)['arguments'])['x-topic'] !== undefined

const targetKinds = ['queue', 'exchange'] as const

type Refused = { readonly ok: false } & Refusal

const lacks = (name: string): Refused =>
  refuse('invalidRequest', `'${name}' is not there or not a text`)

/** What lacks a queue may lack a topic, and no definitions have those of Kafka's clients. */
const told = (refused: Refused): Refused =>
  refused.error === 'queueNotFound'
    ? refuse(refused.error, `${refused.message} (create it first if it is a topic of Kafka)`)
    : refused

class Import {
  readonly #home: DefinitionsHome
  readonly #vhost: string | null
  /** Of hashes that do not say it. */
  readonly #hashing: HashingAlgorithm
  /** The vhosts that got a policy. */
  readonly ruled = new Set<string>()

  constructor(home: DefinitionsHome, vhost: string | null, hashing: HashingAlgorithm) {
    this.#home = home
    this.#vhost = vhost
    this.#hashing = hashing
  }

  // ---- Who may do what --------------------------------------------------------------------------

  async vhost(item: Item): Promise<Result<null>> {
    const [name] = textsOf(item, ['name'])
    if (name === undefined) return lacks('name')
    const { messaging } = this.#home
    const metadata = Object(item['metadata'] ?? {}) as Item
    const { description, default_queue_type: type } = { ...metadata, ...item }
    const known = (['quorum', 'stream'] as const).find((each) => each === type)
    const tags = tagsOf(item['tags'] ?? metadata['tags'] ?? [])
    if (tags === null) return noTags
    return messaging.putVhost(name, {
      description: typeof description === 'string' ? description : '',
      tags,
      defaultQueueType: known ?? 'classic',
    })
  }

  async user(item: Item): Promise<Result<null>> {
    const { accounts } = this.#home
    const [name] = textsOf(item, ['name'])
    if (name === undefined) return lacks('name')
    const secret = secretOf(item, this.#hashing)
    if (!secret.ok) return secret
    // Without them everybody would be nobody in particular, the last administrator too.
    const tags = tagsOf(item['tags'])
    if (tags === null) return noTags
    const put = await accounts.putUser(name, secret.value, tags)
    if (!put.ok) return put
    return this.#limits(item['limits'], (limit, value) =>
      accounts.limits.setUser(name, limit, value),
    )
  }

  async permission(item: Item): Promise<Result<null>> {
    const [user, configure, write, read] = textsOf(item, ['user', 'configure', 'write', 'read'])
    const vhost = this.#vhostOf(item)
    if (user === undefined || vhost === null) return lacks('user or vhost')
    if (configure === undefined || write === undefined || read === undefined)
      return lacks('configure, write or read')
    return this.#home.accounts.permissions.set(user, vhost, { configure, write, read })
  }

  async topicPermission(item: Item): Promise<Result<null>> {
    const [user, exchange, write, read] = textsOf(item, ['user', 'exchange', 'write', 'read'])
    const vhost = this.#vhostOf(item)
    if (user === undefined || vhost === null) return lacks('user or vhost')
    if (exchange === undefined || write === undefined || read === undefined)
      return lacks('exchange, write or read')
    return this.#home.accounts.permissions.setTopic(user, vhost, exchange, { write, read })
  }

  /** Those of a vhost's limits are the limits; others mean something to whoever reads them. */
  async parameter(item: Item): Promise<Result<null>> {
    const [component, name] = textsOf(item, ['component', 'name'])
    const core = this.#coreOf(item)
    if (!core.ok) return core
    const vhost = core.value.name
    if (component === undefined || name === undefined) return lacks('component or name')
    if (component === 'operator_policy')
      return this.policy({ ...Object(item['value']), vhost, name }, 'operator')
    if (component === 'vhost-limits')
      return this.#limits(item['value'], (limit, value) =>
        this.#home.accounts.limits.setVhost(vhost, limit, value),
      )
    if (!keptComponents.includes(component))
      return refuse('invalidRequest', `component ${component.slice(0, 255)} not found`)
    const value = (item['value'] ?? null) as Json
    return this.#home.policies.setParameter({ component, vhost, name, value })
  }

  async globalParameter(item: Item): Promise<Result<null>> {
    const [name] = textsOf(item, ['name'])
    if (name === undefined) return lacks('name')
    return this.#home.policies.setGlobalParameter(name, (item['value'] ?? null) as Json)
  }

  async policy(item: Item, role: PolicyRole): Promise<Result<null>> {
    const core = this.#coreOf(item)
    if (!core.ok) return core
    const [name, pattern] = textsOf(item, ['name', 'pattern'])
    if (name === undefined || pattern === undefined) return lacks('name or pattern')
    const applyTo = policyScopes.find((scope) => scope === (item['apply-to'] ?? 'all'))
    if (applyTo === undefined)
      return refuse('invalidRequest', `apply-to is one of ${policyScopes.join(', ')}`)
    const { priority = 0, definition } = item
    if (!Number.isSafeInteger(priority)) return refuse('invalidRequest', 'priority is no integer')
    if (typeof definition !== 'object' || definition === null || Array.isArray(definition))
      return refuse('invalidRequest', 'definition is not an object')
    const vhost = core.value.name
    const rest = { applyTo, priority: Number(priority), definition: definition as JsonObject }
    this.ruled.add(vhost)
    return this.#home.policies.set(role, { vhost, name, pattern, ...rest })
  }

  async #limits(
    given: unknown,
    set: (limit: string, value: number) => Promise<Result<null>>,
  ): Promise<Result<null>> {
    if (typeof given !== 'object' || given === null) return ok(null)
    for (const [limit, value] of Object.entries(given)) {
      if (typeof value !== 'number') return refuse('invalidRequest', `${limit} is not a number`)
      const done = await set(limit, value)
      if (!done.ok) return done
    }
    return ok(null)
  }

  // ---- Exchanges, queues, bindings --------------------------------------------------------------

  async exchange(item: Item): Promise<Result<null>> {
    const core = this.#coreOf(item)
    if (!core.ok) return core
    const [name, type] = textsOf(item, ['name', 'type'])
    const table = tableOf(item['arguments'])
    if (name === undefined || type === undefined || table === null)
      return lacks('name, type or arguments')
    if (isOwn(name) || core.value.exchanges.has(cleanName(name))) return ok(null)
    const fault = nameFault('exchange', cleanName(name))
    if (fault !== null) return fault
    return new ExchangeChanges(core.value).declare({
      name: cleanName(name),
      type,
      durable: item['durable'] === true,
      autoDelete: item['auto_delete'] === true,
      internal: item['internal'] === true,
      arguments: table,
    })
  }

  async queue(item: Item): Promise<Result<null>> {
    const core = this.#coreOf(item)
    if (!core.ok) return core
    const [name] = textsOf(item, ['name'])
    const table = tableOf(item['arguments'])
    if (name === undefined || name === '' || table === null) return lacks('name or arguments')
    const { queues, streams } = core.value
    if (queues.has(cleanName(name)) || streams.has(cleanName(name))) return ok(null)
    const fault = nameFault('queue', cleanName(name))
    if (fault !== null) return fault
    const { type } = item
    const given =
      typeof type === 'string' && type !== 'classic' && !table.has('x-queue-type')
        ? new Map([...table, ...(tableOf({ 'x-queue-type': type }) ?? [])])
        : table
    const wish = {
      name: cleanName(name),
      durable: item['durable'] === true,
      exclusive: false,
      autoDelete: item['auto_delete'] === true,
      arguments: given,
    }
    const declared = await new QueueChanges(core.value).declare(wish, this, 'definitions')
    return declared.ok ? ok(null) : told(declared)
  }

  async binding(item: Item): Promise<Result<null>> {
    const core = this.#coreOf(item)
    if (!core.ok) return core
    const names = textsOf(item, ['source', 'destination', 'routing_key'])
    const [source, target, routingKey] = names
    const table = tableOf(item['arguments'])
    if (source === undefined || target === undefined || routingKey === undefined || table === null)
      return lacks('source, destination, routing_key or arguments')
    const kind = targetKinds.find((each) => each === (item['destination_type'] ?? 'queue'))
    if (kind === undefined)
      return refuse('invalidRequest', `destination_type is one of ${targetKinds.join(', ')}`)
    // Every queue is bound to the default exchange by its name.
    if (source === '') return ok(null)
    const binding = { source, kind, target, routingKey, arguments: table } as const
    const bound = await new BindingChanges(core.value).bind(binding)
    return bound.ok ? bound : told(bound)
  }

  #vhostOf(item: Item): string | null {
    const { vhost } = item
    return this.#vhost ?? (typeof vhost === 'string' ? vhost : null)
  }

  #coreOf(item: Item): Result<VhostCore> {
    const name = this.#vhostOf(item)
    if (name === null) return lacks('vhost')
    const core = this.#home.messaging.vhosts.get(name)
    return core === undefined ? refuse('vhostNotFound', `vhost ${name} not found`) : ok(core)
  }
}

/** Undefined where it is no text. */
const textsOf = (item: Item, names: readonly string[]): (string | undefined)[] =>
  names.map((name) => {
    const value = item[name]
    return typeof value === 'string' ? value : undefined
  })

const noTags = refuse('invalidRequest', 'tags are neither a list of texts nor a text')

/** How a release kept passwords that said nothing of it in its exports. */
function hashingOf(definitions: Item): HashingAlgorithm {
  const release = definitions['rabbitmq_version'] ?? definitions['rabbit_version']
  const isOld = typeof release === 'string' && /^([0-2]|3\.[0-5])\./.test(release)
  return isOld ? hashingOld : hashingDefault
}

function secretOf(item: Item, hashing: HashingAlgorithm): Result<Secret> {
  const { password, password_hash: hash, hashing_algorithm: algorithm } = item
  if (typeof password === 'string') return ok(password === '' ? null : { password })
  if (password !== undefined && password !== null) return lacks('password')
  if (hash === undefined || hash === null || hash === '') return ok(null)
  if (typeof hash !== 'string') return lacks('password_hash')
  const name = typeof algorithm === 'string' ? algorithm : hashing
  if (!isHashingAlgorithm(name))
    return refuse('invalidRequest', `passwords are not kept as '${name.slice(0, 255)}'`)
  return ok({ hash: { algorithm: name, text: hash } })
}
