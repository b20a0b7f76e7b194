// The keys of the metadata store about policies and parameters, and the layout of their values
// (JSON). A name in a key is escaped as in a URL. A change to a layout raises its "v".
//
//   /policies/<vhost>/<name>            {"v":1,"pattern","applyTo","priority","definition":{}}
//   /operator-policies/<vhost>/<name>   the same
//   /parameters/<component>/<vhost>/<name>   {"v":1,"value":<any JSON>}
//   /global-parameters/<name>                {"v":1,"value":<any JSON>}
//
// Parsing says null for what it does not understand, and the caller stops rather than guess.
import { parseValue } from '../../metadata/keys.ts'

export const policyPrefix = '/policies/'
export const operatorPolicyPrefix = '/operator-policies/'
export const parameterPrefix = '/parameters/'
export const globalParameterPrefix = '/global-parameters/'

/** Whose objects a policy may hold for. */
export const policyScopes = [
  'all',
  'queues',
  'classic_queues',
  'quorum_queues',
  'streams',
  'exchanges',
] as const
export type PolicyScope = (typeof policyScopes)[number]

export type Json = string | number | boolean | null | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [name: string]: Json
}

export interface Policy {
  readonly vhost: string
  readonly name: string
  /** A regular expression over names, which may match anywhere in them. */
  readonly pattern: string
  readonly applyTo: PolicyScope
  /** Of those that match, the highest holds alone. */
  readonly priority: number
  readonly definition: JsonObject
}

export interface Parameter {
  readonly component: string
  readonly vhost: string
  readonly name: string
  readonly value: Json
}

export type GlobalParameter = Pick<Parameter, 'name' | 'value'>

const joined = (...names: string[]): string => names.map(encodeURIComponent).join('/')

export const policyKey = (prefix: string, vhost: string, name: string): string =>
  prefix + joined(vhost, name)
export const parameterKey = (component: string, vhost: string, name: string): string =>
  parameterPrefix + joined(component, vhost, name)
export const globalParameterKey = (name: string): string => globalParameterPrefix + joined(name)

/** The `count` names of a key behind its prefix, or null. */
export function namesOf(key: string, prefix: string, count: number): string[] | null {
  try {
    const names = key.slice(prefix.length).split('/').map(decodeURIComponent)
    return names.length === count ? names : null
  } catch (error) {
    if (error instanceof URIError) return null
    throw error
  }
}

export function encodePolicy({ pattern, applyTo, priority, definition }: Policy): string {
  return JSON.stringify({ v: 1, pattern, applyTo, priority, definition })
}

export function parsePolicy(key: string, prefix: string, text: string): Policy | null {
  const [vhost, name] = namesOf(key, prefix, 2) ?? []
  const { pattern, applyTo, priority, definition } = parseValue(text) ?? {}
  const scope = policyScopes.find((each) => each === applyTo)
  if (vhost === undefined || name === undefined || typeof pattern !== 'string') return null
  if (scope === undefined || typeof priority !== 'number') return null
  if (typeof definition !== 'object' || definition === null) return null
  return { vhost, name, pattern, applyTo: scope, priority, definition: definition as JsonObject }
}

export const encodeValue = (value: Json): string => JSON.stringify({ v: 1, value })

export function parseParameter(key: string, text: string): Parameter | null {
  const [component, vhost, name] = namesOf(key, parameterPrefix, 3) ?? []
  const object = parseValue(text)
  if (component === undefined || vhost === undefined || name === undefined) return null
  if (object === null || !('value' in object)) return null
  return { component, vhost, name, value: object['value'] as Json }
}

export function parseGlobalParameter(key: string, text: string): GlobalParameter | null {
  const [name] = namesOf(key, globalParameterPrefix, 1) ?? []
  const object = parseValue(text)
  if (name === undefined || object === null || !('value' in object)) return null
  return { name, value: object['value'] as Json }
}

export const upstreamComponent = 'federation-upstream'
export const shovelComponent = 'shovel'
/** Of parameters that have no meaning here, and are kept for whoever exports them. */
export const keptComponents = [upstreamComponent, 'federation-upstream-set', shovelComponent]
