// One call of the management API, as its handler sees it: parts of the path, query, body, who
// calls, and the vhosts that the caller may see. Its methods throw `Refused` where the call is not
// as it must be.
import { parseObject } from '../../base/json.ts'
import { tableOf } from '../../broker/definitions/json-fields.ts'
import type { SessionVhost } from '../../broker/messaging/session-vhost.ts'
import type { VhostCore } from '../../broker/messaging/vhost-core.ts'
import type { HttpRequest } from '../../io/http.ts'
import type { FieldTable } from '../../model/message/field.ts'
import { nameFault } from '../../security/access/name-fault.ts'
import { badRequest, must, notAuthorised, notFound, vhostNotFound } from './answer.ts'
import type { Caller } from './caller.ts'
import type { ManagedNode } from './managed-node.ts'
import type { Rates } from './rates.ts'
import { SampledRates, type ShownRates } from './shown.ts'

export type JsonBody = Readonly<Record<string, unknown>>

/** With which a client asks for samples. */
const histories = ['lengths_age', 'msg_rates_age', 'data_rates_age', 'node_stats_age']

/** What the default exchange is called in paths. */
const defaultExchange = 'amq.default'

export class Call {
  readonly node: ManagedNode
  readonly rates: ShownRates
  readonly caller: Caller
  readonly query: URLSearchParams
  readonly #request: HttpRequest
  readonly #parts: Readonly<Record<string, string>>

  constructor(
    node: ManagedNode,
    rates: Rates,
    caller: Caller,
    request: HttpRequest,
    parts: Readonly<Record<string, string>>,
  ) {
    this.node = node
    this.caller = caller
    this.query = new URLSearchParams(request.query)
    const isOverTime = histories.some((name) => this.query.has(name))
    this.rates = isOverTime ? new SampledRates(rates, node.clock.now()) : rates
    this.#request = request
    this.#parts = parts
  }

  /** Of the path, decoded. */
  part(name: string): string {
    return this.#parts[name] ?? ''
  }

  has(name: string): boolean {
    return this.#parts[name] !== undefined
  }

  /** The name of an exchange in the path. */
  exchange(part = 'name'): string {
    const name = this.part(part)
    return name === defaultExchange ? '' : name
  }

  header(name: string): string | undefined {
    return this.#request.header(name)
  }

  flag(name: string): boolean {
    return this.query.get(name) === 'true'
  }

  // ---- Body -------------------------------------------------------------------------------------

  text(): string {
    return Buffer.from(this.#request.body).toString('utf8')
  }

  body(parse: (text: string) => JsonBody | null = parseObject): JsonBody {
    const text = this.text()
    if (text.trim() === '') return {}
    const value = parse(text)
    if (value === null) throw badRequest('not_json')
    return value
  }

  /** The body, which must have these keys. */
  bodyWith(...names: readonly string[]): JsonBody {
    const body = this.body()
    const missing = names.filter((name) => body[name] === undefined)
    if (missing.length > 0)
      throw badRequest(`[${missing.map((name) => `{key_missing,${name}}`).join(',')}]`)
    return body
  }

  // ---- Vhosts -----------------------------------------------------------------------------------

  /** Those that the caller may see, or the one of the path. */
  vhosts(): readonly VhostCore[] {
    if (this.has('vhost')) return [this.vhost()]
    return [...this.node.messaging.vhosts.values()].filter((core) => this.#sees(core.name))
  }

  vhost(): VhostCore {
    const core = this.node.messaging.vhosts.get(this.part('vhost'))
    if (core === undefined) throw notFound()
    if (!this.#sees(core.name)) throw notAuthorised('User not authorised to access virtual host')
    return core
  }

  /** The vhost of the path, for what is put into it. */
  vhostToChange(): VhostCore {
    if (!this.node.messaging.vhosts.has(this.part('vhost'))) throw vhostNotFound()
    return this.vhost()
  }

  /** Its name, when it is there and the caller may see it. */
  sees(vhost: string): boolean {
    return this.node.messaging.vhosts.has(vhost) && this.#sees(vhost)
  }

  #sees(vhost: string): boolean {
    const { accounts } = this.node
    return this.caller.may('monitoring') || accounts.authorizer.mayUse(this.caller.user, vhost)
  }

  /** The vhost of the path as its user may use it. */
  session(): SessionVhost {
    return must(this.node.messaging.visit(this.part('vhost'), this.caller.user))
  }
}

/** What a short string of AMQP can hold. */
export function checkedName(what: string, name: string): string {
  const fault = nameFault(what, name)
  if (fault !== null) throw badRequest(fault.message)
  return name
}

/** A text of the body; `otherwise` when it is absent. */
export function textIn(body: JsonBody, name: string, otherwise = ''): string {
  const value = body[name]
  if (value === undefined || value === null) return otherwise
  if (typeof value !== 'string') throw badRequest(`${name} is not a string`)
  return value
}

/** A text that the body must have. */
export function textWithin(body: JsonBody, name: string): string {
  if (body[name] === null) throw badRequest(`${name} is not a string`)
  return textIn(body, name)
}

/** A table of typed fields; none is an empty one. */
export function tableIn(body: JsonBody, name: string): FieldTable {
  const table = tableOf(body[name])
  if (table === null) throw badRequest(`${name} is not an object of values, or nested too deeply`)
  return table
}

/** A boolean of the body, also as text. */
export function flagIn(body: JsonBody, name: string): boolean {
  const value = body[name]
  if (value === undefined || value === null) return false
  if (value === true || value === 'true') return true
  if (value === false || value === 'false') return false
  throw badRequest(`${name}: not_boolean`)
}

export function integerIn(body: JsonBody, name: string, otherwise: number): number {
  const value = body[name]
  if (value === undefined || value === null) return otherwise
  const number = typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value
  if (typeof number !== 'number' || !Number.isSafeInteger(number))
    throw badRequest(`${name}: not_integer`)
  return number
}
