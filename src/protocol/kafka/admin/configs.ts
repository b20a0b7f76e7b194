// DescribeConfigs 1 to 4, AlterConfigs 0 to 2, IncrementalAlterConfigs 0 and 1, for topics and
// brokers. Each resource has its own answer: one that is refused does not hold up the others. Other
// resources (broker loggers, groups, client metrics) are refused with INVALID_REQUEST.
import type { ConfigOperation } from '../../../model/config/config-change.ts'
import type { ConfigEntry } from '../../../model/config/describe-config.ts'
import { ok, type Result, refuse } from '../../../model/errors.ts'
import type { Call } from '../call.ts'
import { errorCode, errorMessage } from '../errors.ts'
import { answering } from '../handler.ts'
import { inParts } from '../in-parts.ts'
import { firstOfEach, repeated } from '../repeated.ts'
import {
  alterConfigs,
  type DescribeConfigsRequest,
  describeConfigs,
  type IncrementalAlterConfigsRequest,
  incrementalAlterConfigs,
} from '../schema/configs.ts'
import {
  actionByCode,
  configTarget,
  resourceTypes,
  sourceCodes,
  typeCodes,
} from './config-codes.ts'

interface Resource {
  readonly resourceType: number
  readonly resourceName: string
}

type IncrementalConfig = IncrementalAlterConfigsRequest['resources'][number]['configs'][number]

export const describeConfigsHandler = answering(describeConfigs, (request, call) => ({
  throttleTimeMs: 0,
  results: firstOfEach(request.resources, questionOf).map((resource) => {
    const found = entriesOf(resource, call)
    const wanted = resource.configurationKeys
    const isAll = wanted === null || wanted.length === 0
    const entries = found.ok ? found.value : []
    return {
      ...outcome(resource, found, call),
      configs: entries
        .filter((entry) => isAll || wanted.includes(entry.name))
        .map((entry) => shown(entry, request)),
    }
  }),
}))

const keyOf = ({ resourceType, resourceName }: Resource) => `${resourceType} ${resourceName}`

/** What is asked of a resource: nothing named is everything. */
const questionOf = (asked: DescribeConfigsRequest['resources'][number]) =>
  `${keyOf(asked)} ${asked.configurationKeys?.join(' ') ?? ''}`

function entriesOf(
  { resourceType, resourceName }: Resource,
  call: Call<never>,
): Result<readonly ConfigEntry[]> {
  const target = configTarget(resourceType, resourceName, call)
  return target.ok ? call.door.broker.configs.describe(target.value) : target
}

const shown = (entry: ConfigEntry, request: DescribeConfigsRequest) => ({
  name: entry.name,
  value: entry.value,
  readOnly: entry.readOnly,
  configSource: sourceCodes[entry.source],
  isSensitive: entry.sensitive,
  synonyms: request.includeSynonyms
    ? entry.synonyms.map(({ name, value, source }) => ({
        name,
        value,
        source: sourceCodes[source],
      }))
    : [],
  configType: typeCodes[entry.type],
  documentation: request.includeDocumentation ? entry.documentation : null,
})

export const alterConfigsHandler = answering(alterConfigs, async (request, call) => {
  const alter = async (resource: (typeof request.resources)[number]): Promise<Result<null>> => {
    const target = configTarget(resource.resourceType, resource.resourceName, call)
    if (!target.ok) return target
    const values = new Map<string, string>()
    for (const { name, value } of resource.configs) {
      if (value === null || values.has(name)) return refuseKey(name, values.has(name))
      values.set(name, value)
    }
    return call.door.broker.configs.replace(target.value, values, request.validateOnly)
  }
  return { throttleTimeMs: 0, responses: await eachOnce(request.resources, alter, call) }
})

export const incrementalAlterConfigsHandler = answering(
  incrementalAlterConfigs,
  async (request, call) => {
    const alter = async (resource: (typeof request.resources)[number]): Promise<Result<null>> => {
      const target = configTarget(resource.resourceType, resource.resourceName, call)
      if (!target.ok) return target
      const operations = operationsOf(resource.configs)
      if (!operations.ok) return operations
      const { configs } = call.door.broker
      return configs.change(target.value, operations.value, request.validateOnly)
    }
    return { throttleTimeMs: 0, responses: await eachOnce(request.resources, alter, call) }
  },
)

function operationsOf(configs: readonly IncrementalConfig[]): Result<readonly ConfigOperation[]> {
  const operations: ConfigOperation[] = []
  const seen = new Set<string>()
  for (const { name, configOperation, value } of configs) {
    const action = actionByCode.get(configOperation)
    if (action === undefined)
      return refuse('invalidRequest', `there is no operation ${configOperation} on configurations`)
    if (seen.has(name) || (value === null && action !== 'delete'))
      return refuseKey(name, seen.has(name))
    seen.add(name)
    operations.push({ name, action, value })
  }
  return ok(operations)
}

const refuseKey = (name: string, isRepeated: boolean) =>
  refuse(
    'invalidRequest',
    isRepeated
      ? `the configuration '${name}' is given more than once`
      : `the configuration '${name}' has no value`,
  )

/** Alters each resource; those that the request names again are refused. */
function eachOnce<R extends Resource>(
  resources: readonly R[],
  alter: (resource: R) => Promise<Result<null>>,
  call: Call<never>,
) {
  const twice = repeated(resources.map(keyOf))
  const alterOnce = async (resource: R) => {
    const { resourceType, resourceName } = resource
    const fault = twice.has(keyOf(resource))
      ? `the request names '${resourceName}' more than once`
      : resourceType === resourceTypes.topic && resourceName === ''
        ? 'what topics start from is changed at the broker, not at a topic without a name'
        : null
    const done = fault === null ? await alter(resource) : refuse('invalidRequest', fault)
    return outcome(resource, done, call)
  }
  return inParts(resources, call.door.clock, alterOnce)
}

function outcome(
  { resourceType, resourceName }: Resource,
  done: Result<unknown>,
  call: Call<never>,
) {
  if (!done.ok) call.refused(done.error, `'${resourceName}'`, done.message)
  return {
    errorCode: done.ok ? 0 : errorCode(done.error),
    errorMessage: done.ok ? null : errorMessage(done.error, done.message),
    resourceType,
    resourceName,
  }
}
