// Access lists of Kafka and the permissions that they stand for here. A permission is a right on
// names, and names of topics and groups are one namespace:
//
//   read       Read on the topic, Read on the group
//   write      Write on the topic
//   configure  Create, Delete, Alter and AlterConfigs on the topic, Delete on the group
//
// Describe comes with any of them, as in Kafka, and so does DescribeConfigs, which Kafka gives with
// AlterConfigs alone. Everything is allowed from every host, and nothing is ever denied: what is
// not given is not allowed.
import type { Grant, NameSet, Right } from '../../../broker/api.ts'
import { ok, type Result, refuse } from '../../../model/errors.ts'

export const resourceTypes = { any: 1, topic: 2, group: 3 }
const patternTypes = { any: 1, match: 2, literal: 3, prefixed: 4 }
export const operations = {
  any: 1,
  all: 2,
  read: 3,
  write: 4,
  create: 5,
  delete: 6,
  alter: 7,
  describe: 8,
  describeConfigs: 10,
  alterConfigs: 11,
}
const permissionTypes = { any: 1, allow: 3 }
const newestOperation = 15
const newestResourceType = 7
const everyHost = '*'
const wildcard = '*'

/** One line of an access list. */
export interface Binding {
  readonly resourceType: number
  readonly resourceName: string
  readonly patternType: number
  readonly principal: string
  readonly host: string
  readonly operation: number
  readonly permissionType: number
}

export interface BindingFilter {
  readonly resourceTypeFilter: number
  readonly resourceNameFilter: string | null
  readonly patternTypeFilter: number
  readonly principalFilter: string | null
  readonly hostFilter: string | null
  readonly operation: number
  readonly permissionType: number
}

const { topic, group } = resourceTypes

const operationsOf: Readonly<Record<Right, readonly (readonly [type: number, op: number])[]>> = {
  read: [
    [topic, operations.read],
    [group, operations.read],
  ],
  write: [[topic, operations.write]],
  configure: [
    [topic, operations.create],
    [topic, operations.delete],
    [topic, operations.alter],
    [topic, operations.alterConfigs],
    [group, operations.delete],
  ],
}

export const bindingsOf = ({ user, right, names }: Grant): Binding[] =>
  operationsOf[right].map(([resourceType, operation]) => ({
    resourceType,
    resourceName: names.kind === 'any' ? wildcard : names.text,
    patternType: names.kind === 'prefix' ? patternTypes.prefixed : patternTypes.literal,
    principal: `User:${user}`,
    host: everyHost,
    operation,
    permissionType: permissionTypes.allow,
  }))

/** Why a filter means nothing, or null. */
export function filterFault(filter: BindingFilter): string | null {
  const isKnown = (code: number, newest: number) => code >= 1 && code <= newest
  if (!isKnown(filter.resourceTypeFilter, newestResourceType))
    return 'the filter has a resource type that is not known'
  if (!isKnown(filter.patternTypeFilter, patternTypes.prefixed))
    return 'the filter has a pattern type that is not known'
  if (!isKnown(filter.operation, newestOperation))
    return 'the filter has an operation that is not known'
  if (!isKnown(filter.permissionType, permissionTypes.allow))
    return 'the filter has a permission type that is not known'
  return null
}

export function fits(binding: Binding, filter: BindingFilter): boolean {
  const isOr = (wanted: number, any: number, code: number) => wanted === any || wanted === code
  return (
    isOr(filter.resourceTypeFilter, resourceTypes.any, binding.resourceType) &&
    isOr(filter.operation, operations.any, binding.operation) &&
    isOr(filter.permissionType, permissionTypes.any, binding.permissionType) &&
    (filter.principalFilter ?? binding.principal) === binding.principal &&
    (filter.hostFilter ?? binding.host) === binding.host &&
    fitsName(binding, filter)
  )
}

function fitsName(
  { resourceName, patternType }: Binding,
  { resourceNameFilter: wanted, patternTypeFilter }: BindingFilter,
): boolean {
  if (patternTypeFilter === patternTypes.match) {
    if (wanted === null || wanted === resourceName) return true
    if (patternType === patternTypes.prefixed) return wanted.startsWith(resourceName)
    return resourceName === wildcard
  }
  if (patternTypeFilter !== patternTypes.any && patternTypeFilter !== patternType) return false
  return wanted === null || wanted === resourceName
}

/** Whether a filter that fits these takes the grant away: all that it says of topics or groups. */
export function isWhole(grant: Grant, fitting: readonly Binding[]): boolean {
  return [topic, group].some((type) => {
    const all = operationsOf[grant.right].filter(([each]) => each === type)
    return all.length > 0 && all.length === fitting.filter((b) => b.resourceType === type).length
  })
}

/** Whom a binding is for and on which names, if permissions can say so. */
export function subjectOf(binding: Binding): Result<{ user: string; names: NameSet }> {
  const { resourceType, resourceName, patternType, principal } = binding
  if (resourceType !== topic && resourceType !== group)
    return refuse(
      'invalidRequest',
      'only topics and groups have permissions here: the cluster is for users with the tag ' +
        'administrator',
    )
  if (binding.permissionType !== permissionTypes.allow)
    return refuse('invalidRequest', 'nothing can be denied here: what is not given is not allowed')
  if (binding.host !== everyHost)
    return refuse('invalidRequest', "permissions hold for every host: the host must be '*'")
  const [, user] = /^User:(.+)$/s.exec(principal) ?? []
  if (user === undefined || user === wildcard)
    return refuse('invalidRequest', "permissions are for one user: the principal is 'User:NAME'")
  if (resourceName === '') return refuse('invalidRequest', 'the name of the resource is empty')
  if (patternType === patternTypes.prefixed)
    return ok({ user, names: { kind: 'prefix', text: resourceName } })
  if (patternType !== patternTypes.literal)
    return refuse('invalidRequest', 'the pattern type must be LITERAL or PREFIXED')
  if (resourceName === wildcard) return ok({ user, names: { kind: 'any' } })
  return ok({ user, names: { kind: 'literal', text: resourceName } })
}

/**
 * The rights that make an operation allowed, given what is asked for (`asked`) and there
 * (`present`) for the same user and names. More than is asked is never given.
 */
export function rightsFor(
  { resourceType, operation }: Binding,
  asked: ReadonlySet<number>,
  present: ReadonlySet<Right>,
): Result<readonly Right[]> {
  const isTopic = resourceType === topic
  const { all, read, write, create, delete: remove, alter, alterConfigs } = operations
  if (operation === all) return ok(isTopic ? ['read', 'write', 'configure'] : ['read', 'configure'])
  if (operation === read) return ok(['read'])
  if (operation === write && isTopic) return ok(['write'])
  if (operation === operations.describe || operation === operations.describeConfigs) {
    if (present.size > 0 || asked.has(all) || asked.has(read) || asked.has(write)) return ok([])
    return refuse('invalidRequest', 'to describe comes with the right to read, write or configure')
  }
  const isConfigured = present.has('configure') || asked.has(all)
  if ([create, remove, alter, alterConfigs].includes(operation)) {
    if (isConfigured) return ok([])
    if (isTopic && [create, remove, alter].every((each) => asked.has(each)))
      return ok(['configure'])
    return refuse(
      'invalidRequest',
      'create, delete and alter are one right here, to configure: ask for all three, or for All',
    )
  }
  return refuse('invalidRequest', `a resource of this type has no operation ${operation}`)
}
