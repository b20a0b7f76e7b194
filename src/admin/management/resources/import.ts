// /api/definitions, coming in: what RabbitMQ, or this node, has exported. What is there already
// stays as it is, users and policies are replaced, so that the same file can be imported again.
// What cannot be made here does not stop the rest; it is told at the end, and the answer is then
// not a success.

import { isOwn } from '../../../broker/declarations/definitions.ts'
import { BindingChanges } from '../../../broker/messaging/binding-changes.ts'
import { ExchangeChanges } from '../../../broker/messaging/exchange-changes.ts'
import { QueueChanges } from '../../../broker/messaging/queue-changes.ts'
import type { VhostCore } from '../../../broker/messaging/vhost-core.ts'
import type { Json } from '../../../broker/policies/policy-values.ts'
import type { HttpAnswer } from '../../../io/http.ts'
import { badRequest, must, noContent, Refused } from '../answer.ts'
import { type Call, checkedName, flagIn, integerIn, type JsonBody, textIn } from '../call.ts'
import { tableOf } from '../json-fields.ts'
import { setParameter } from './parameters.ts'
import { policyIn } from './policies.ts'
import { secretIn, tagsIn } from './users.ts'
import { aboutIn } from './vhosts.ts'

/** Of what could not be made, so many are told. */
const problemsMax = 20

export async function importAll(call: Call): Promise<HttpAnswer> {
  await new Import(call, null).run()
  return noContent
}

export async function importVhost(call: Call): Promise<HttpAnswer> {
  await new Import(call, call.vhost().name).run()
  return noContent
}

class Import {
  readonly #call: Call
  /** All rows belong to it; null: each says to which. */
  readonly #vhost: string | null
  readonly #problems: string[] = []
  #failed = 0

  constructor(call: Call, vhost: string | null) {
    this.#call = call
    this.#vhost = vhost
  }

  async run(): Promise<void> {
    const body = this.#call.body()
    if (this.#vhost === null) {
      await this.#each(body, 'users', (row) => this.#user(row))
      await this.#each(body, 'vhosts', (row) => this.#newVhost(row))
      await this.#each(body, 'permissions', (row) => this.#permission(row))
      await this.#each(body, 'topic_permissions', (row) => this.#topicPermission(row))
      await this.#each(body, 'global_parameters', (row) => this.#globalParameter(row))
    }
    await this.#each(body, 'parameters', (row) => this.#parameter(row))
    await this.#each(body, 'policies', (row) => this.#policy(row))
    await this.#each(body, 'queues', (row) => this.#queue(row))
    await this.#each(body, 'exchanges', (row) => this.#exchange(row))
    await this.#each(body, 'bindings', (row) => this.#binding(row))
    if (this.#failed === 0) return
    const more = this.#failed - this.#problems.length
    const end = more > 0 ? `, and ${more} more` : ''
    throw badRequest(`imported, except: ${this.#problems.join('; ')}${end}`)
  }

  async #each(body: JsonBody, part: string, make: (row: JsonBody) => Promise<void>): Promise<void> {
    const rows = body[part] ?? []
    if (!Array.isArray(rows)) throw badRequest(`${part} is not an array`)
    for (const row of rows) {
      try {
        if (typeof row !== 'object' || row === null) throw badRequest('is not an object')
        await make(row as JsonBody)
      } catch (error) {
        if (!(error instanceof Refused)) throw error
        this.#failed++
        if (this.#problems.length < problemsMax)
          this.#problems.push(`${part}: ${error.message.slice(0, 300)}`)
      }
    }
  }

  #core(row: JsonBody): VhostCore {
    const name = this.#vhost ?? textIn(row, 'vhost', '/')
    const core = this.#call.node.messaging.vhosts.get(name)
    if (core === undefined) throw badRequest(`no_such_vhost: ${name.slice(0, 255)}`)
    return core
  }

  // ---- Accounts ---------------------------------------------------------------------------------

  async #user(row: JsonBody): Promise<void> {
    const { accounts } = this.#call.node
    const name = textIn(row, 'name')
    must(await accounts.putUser(name, secretIn(row), tagsIn(row) ?? []))
    const limits = (row['limits'] ?? {}) as JsonBody
    if (Array.isArray(limits)) return
    for (const limit of Object.keys(limits))
      must(await accounts.limits.setUser(name, limit, integerIn(limits, limit, -1)))
  }

  async #permission(row: JsonBody): Promise<void> {
    const vhost = this.#core(row).name
    const { permissions } = this.#call.node.accounts
    const texts = {
      configure: textIn(row, 'configure'),
      write: textIn(row, 'write'),
      read: textIn(row, 'read'),
    }
    must(await permissions.set(textIn(row, 'user'), vhost, texts))
  }

  async #topicPermission(row: JsonBody): Promise<void> {
    const vhost = this.#core(row).name
    const { permissions } = this.#call.node.accounts
    const texts = { write: textIn(row, 'write'), read: textIn(row, 'read') }
    const [user, exchange] = [textIn(row, 'user'), textIn(row, 'exchange')]
    must(await permissions.setTopic(user, vhost, exchange, texts))
  }

  // ---- Settings ---------------------------------------------------------------------------------

  async #newVhost(row: JsonBody): Promise<void> {
    const { messaging } = this.#call.node
    const metadata = (row['metadata'] ?? {}) as JsonBody
    must(await messaging.putVhost(textIn(row, 'name'), aboutIn({ ...metadata, ...row })))
  }

  async #globalParameter(row: JsonBody): Promise<void> {
    const { policies } = this.#call.node
    must(await policies.setGlobalParameter(textIn(row, 'name'), (row['value'] ?? null) as Json))
  }

  async #parameter(row: JsonBody): Promise<void> {
    const vhost = this.#core(row).name
    const [component, name] = [textIn(row, 'component'), textIn(row, 'name')]
    const value = (row['value'] ?? null) as Json
    await setParameter(this.#call, { component, vhost, name, value })
  }

  async #policy(row: JsonBody): Promise<void> {
    const policy = policyIn(row, this.#core(row).name, textIn(row, 'name'))
    must(await this.#call.node.policies.set('user', policy))
  }

  // ---- Topology ---------------------------------------------------------------------------------

  async #queue(row: JsonBody): Promise<void> {
    const core = this.#core(row)
    const name = checkedName('queue', textIn(row, 'name'))
    if (core.queues.has(name)) return
    const changes = new QueueChanges(core)
    const wish = {
      name: changes.nameFor(name),
      durable: flagIn(row, 'durable', true),
      exclusive: false,
      autoDelete: flagIn(row, 'auto_delete'),
      arguments: tableOf(row['arguments'], 'arguments'),
    }
    // Names that a node gave are good, too.
    must(await changes.declare(wish, this, 'definitions'))
  }

  async #exchange(row: JsonBody): Promise<void> {
    const core = this.#core(row)
    const name = checkedName('exchange', textIn(row, 'name'))
    if (core.exchanges.has(name) || isOwn(name)) return
    const wish = {
      name,
      type: textIn(row, 'type'),
      durable: flagIn(row, 'durable', true),
      autoDelete: flagIn(row, 'auto_delete'),
      internal: flagIn(row, 'internal'),
      arguments: tableOf(row['arguments'], 'arguments'),
    }
    must(await new ExchangeChanges(core).declare(wish))
  }

  async #binding(row: JsonBody): Promise<void> {
    const core = this.#core(row)
    const kind = textIn(row, 'destination_type', 'queue') === 'exchange' ? 'exchange' : 'queue'
    const binding = {
      source: textIn(row, 'source'),
      kind,
      target: textIn(row, 'destination'),
      routingKey: textIn(row, 'routing_key'),
      arguments: tableOf(row['arguments'], 'arguments'),
    } as const
    if (Buffer.byteLength(binding.routingKey) > 255) throw badRequest('routing_key is too long')
    must(await new BindingChanges(core).bind(binding))
  }
}
