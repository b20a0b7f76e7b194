// /api/parameters and /api/global-parameters. Two components mean something here, and are kept
// where they do: the limits of a vhost, and operators' policies. Those of federation and of shovels
// are kept for whoever asks for them; there are no others.
import {
  type Json,
  keptComponents,
  type Parameter,
  type Policy,
  shovelComponent,
  upstreamComponent,
} from '../../../broker/policies/policy-values.ts'
import type { HttpAnswer } from '../../../io/http.ts'
import { badRequest, json, must, noContent, notFound, put } from '../answer.ts'
import type { Call } from '../call.ts'
import { listedWhole } from '../listing.ts'
import { setVhostLimits } from './limits.ts'
import { policyIn } from './policies.ts'

const limitsComponent = 'vhost-limits'
const operatorComponent = 'operator_policy'
const policyComponent = 'policy'

/** As RabbitMQ shows and exports them. */
export function allParameters({ node }: Call): Parameter[] {
  const limits = node.accounts.limits.vhosts().map(({ name: vhost, limits: set }) => ({
    value: Object.fromEntries(set),
    vhost,
    component: limitsComponent,
    name: 'limits',
  }))
  const operators = node.policies
    .list('operator')
    .map((policy) => asParameter(policy, operatorComponent))
  const others = node.policies.parameters().map(({ value, vhost, component, name }) => ({
    ...{ value, vhost, component, name },
  }))
  return [...limits, ...operators, ...others]
}

/** Shown to who asks for them by name. */
const policiesAsParameters = ({ node }: Call): Parameter[] =>
  node.policies.list('user').map((policy) => asParameter(policy, policyComponent))

const asParameter = (policy: Policy, component: string): Parameter => ({
  value: {
    pattern: policy.pattern,
    definition: policy.definition,
    priority: policy.priority,
    'apply-to': policy.applyTo,
  },
  vhost: policy.vhost,
  component,
  name: policy.name,
})

export function listParameters(call: Call): Promise<HttpAnswer> {
  const [component, vhost] = [call.part('component'), call.has('vhost') ? call.vhost().name : '']
  const all = component === policyComponent ? policiesAsParameters(call) : allParameters(call)
  const seen = all.filter(
    (each) =>
      call.sees(each.vhost) &&
      (component === '' || each.component === component) &&
      (vhost === '' || each.vhost === vhost),
  )
  return listedWhole(
    call,
    seen.map((each) => ({ ...each })),
    ['vhost', 'component', 'name'],
  )
}

function parameterOf(call: Call): Parameter {
  const [component, vhost, name] = [call.part('component'), call.vhost().name, call.part('name')]
  const found = allParameters(call).find(
    (each) => each.component === component && each.vhost === vhost && each.name === name,
  )
  if (found === undefined) throw notFound()
  return found
}

export const showParameter = (call: Call): HttpAnswer => json(parameterOf(call))

/** Throws Refused. */
export async function setParameter(call: Call, parameter: Parameter): Promise<void> {
  const { component, vhost, name, value } = parameter
  const { policies } = call.node
  const body = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  if (component === limitsComponent) await setVhostLimits(call, vhost, body)
  else if (component === operatorComponent) {
    must(await policies.set('operator', policyIn(body, vhost, name)))
    await call.node.messaging.policiesFollowed(vhost)
  } else {
    if (component === policyComponent) throw badRequest('policies may not be set using this method')
    if (!keptComponents.includes(component))
      throw badRequest(`Validation failed\n\ncomponent ${component.slice(0, 255)} not found\n`)
    if (component === upstreamComponent) checkUri(body, 'uri')
    if (component === shovelComponent) checkShovel(body)
    must(await policies.setParameter(parameter))
  }
}

/** Kept for those who import it elsewhere: nothing is moved here. Throws Refused. */
function checkShovel(body: Record<string, unknown>): void {
  checkUri(body, 'src-uri')
  checkUri(body, 'dest-uri')
}

function checkUri(body: Record<string, unknown>, name: string): void {
  const value = body[name]
  const uris = Array.isArray(value) ? value : [value]
  const isUri = (each: unknown): boolean =>
    typeof each === 'string' && /^amqps?:/.test(each) && URL.canParse(each)
  if (uris.length === 0 || !uris.every(isUri))
    throw badRequest(`Validation failed\n\n${name} is not an amqp URI, or a list of them\n`)
}

export async function putParameter(call: Call): Promise<HttpAnswer> {
  const { value } = call.bodyWith('value')
  const { name: vhost } = call.vhostToChange()
  const [component, name] = [call.part('component'), call.part('name')]
  const isNew = !allParameters(call).some(
    (each) => each.component === component && each.vhost === vhost && each.name === name,
  )
  await setParameter(call, { component, vhost, name, value: value as Json })
  return put(isNew)
}

export async function deleteParameter(call: Call): Promise<HttpAnswer> {
  const { component, vhost, name } = parameterOf(call)
  const { policies, accounts, messaging } = call.node
  if (component === operatorComponent) {
    must(await policies.clear('operator', vhost, name))
    await messaging.policiesFollowed(vhost)
  } else if (component !== limitsComponent)
    must(await policies.clearParameter(component, vhost, name))
  else
    for (const limit of ['max-connections', 'max-queues'])
      must(await accounts.limits.setVhost(vhost, limit, null))
  return noContent
}

// ---- Global -------------------------------------------------------------------------------------

const clusterIdParameter = 'internal_cluster_id'

/** The name of the cluster is one of them once somebody has given it. */
export function allGlobalParameters({ node }: Call) {
  const kept = node.policies.globalParameters().map(({ name, value }) => ({ name, value }))
  const isKept = kept.some(({ name }) => name === clusterIdParameter)
  return isKept ? kept : [...kept, { name: clusterIdParameter, value: node.clusterId }]
}

export const listGlobalParameters = (call: Call): Promise<HttpAnswer> =>
  listedWhole(call, allGlobalParameters(call), ['name'])

export function showGlobalParameter(call: Call): HttpAnswer {
  const found = allGlobalParameters(call).find(({ name }) => name === call.part('name'))
  if (found === undefined) throw notFound()
  return json(found)
}

export async function putGlobalParameter(call: Call): Promise<HttpAnswer> {
  const { value } = call.bodyWith('value')
  const name = call.part('name')
  const { policies } = call.node
  const isNew = !policies.globalParameters().some((each) => each.name === name)
  must(await policies.setGlobalParameter(name, value as Json))
  return put(isNew)
}

export async function deleteGlobalParameter(call: Call): Promise<HttpAnswer> {
  const { policies } = call.node
  const name = call.part('name')
  if (!policies.globalParameters().some((each) => each.name === name)) throw notFound()
  must(await policies.clearGlobalParameter(name))
  return noContent
}
