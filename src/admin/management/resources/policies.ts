// /api/policies and /api/operator-policies.
import type { PolicyRole } from '../../../broker/policies/policies.ts'
import {
  type JsonObject,
  type Policy,
  policyScopes,
} from '../../../broker/policies/policy-values.ts'
import type { HttpAnswer } from '../../../io/http.ts'
import { badRequest, json, must, noContent, notAuthorised, notFound, put } from '../answer.ts'
import { type Call, integerIn, type JsonBody, textIn } from '../call.ts'
import { listedWhole } from '../listing.ts'
import { get, put as putRoute, type Route, remove } from '../routes.ts'

export const shownPolicy = (policy: Policy) => ({
  vhost: policy.vhost,
  name: policy.name,
  pattern: policy.pattern,
  'apply-to': policy.applyTo,
  definition: policy.definition,
  priority: policy.priority,
})

const list = (call: Call, role: PolicyRole): Promise<HttpAnswer> => {
  const vhost = call.has('vhost') ? call.vhost().name : null
  const seen = call.node.policies
    .list(role)
    .filter((each) => (vhost === null ? call.sees(each.vhost) : each.vhost === vhost))
  return listedWhole(call, seen.map(shownPolicy), ['vhost', 'name'])
}

function policyOf(call: Call, role: PolicyRole): Policy {
  const policy = call.node.policies.get(role, call.vhost().name, call.part('name'))
  if (policy === null) throw notFound()
  return policy
}

/** Throws Refused. */
export function policyIn(body: JsonBody, vhost: string, name: string): Policy {
  const { definition } = body
  if (typeof definition !== 'object' || definition === null || Array.isArray(definition))
    throw badRequest('definition is not an object')
  const scope = textIn(body, 'apply-to', 'all')
  const applyTo = policyScopes.find((each) => each === scope)
  if (applyTo === undefined)
    throw badRequest(
      `apply-to '${scope.slice(0, 60)}' unrecognised; it is one of ${policyScopes.join(', ')}`,
    )
  return {
    vhost,
    name,
    pattern: textIn(body, 'pattern'),
    applyTo,
    priority: integerIn(body, 'priority', 0),
    definition: definition as JsonObject,
  }
}

/** Who sets policies needs permissions in the vhost. */
function checkAccess(call: Call, vhost: string): void {
  const { accounts } = call.node
  if (call.caller.may('administrator')) return
  if (!accounts.authorizer.mayUse(call.caller.user, vhost))
    throw notAuthorised('User not authorised to access object')
}

async function set(call: Call, role: PolicyRole): Promise<HttpAnswer> {
  checkAccess(call, call.vhostToChange().name)
  const { policies } = call.node
  const policy = policyIn(
    call.bodyWith('pattern', 'definition'),
    call.part('vhost'),
    call.part('name'),
  )
  const isNew = policies.get(role, policy.vhost, policy.name) === null
  const done = await policies.set(role, policy)
  if (!done.ok && done.error === 'invalidRequest')
    throw badRequest(`Validation failed\n\n${done.message}\n`)
  must(done)
  await call.node.messaging.policiesFollowed(policy.vhost)
  return put(isNew)
}

async function clear(call: Call, role: PolicyRole): Promise<HttpAnswer> {
  checkAccess(call, call.vhost().name)
  const { vhost, name } = policyOf(call, role)
  must(await call.node.policies.clear(role, vhost, name))
  await call.node.messaging.policiesFollowed(vhost)
  return noContent
}

const routesOf = (
  path: string,
  role: PolicyRole,
  need: 'policymaker' | 'administrator',
): Route[] => [
  get(path, 'management', (call) => list(call, role)),
  get(`${path}/:vhost`, 'management', (call) => list(call, role)),
  get(`${path}/:vhost/:name`, 'management', (call) => json(shownPolicy(policyOf(call, role)))),
  putRoute(`${path}/:vhost/:name`, need, (call) => set(call, role)),
  remove(`${path}/:vhost/:name`, need, (call) => clear(call, role)),
]

export const policyRoutes: readonly Route[] = [
  ...routesOf('/policies', 'user', 'policymaker'),
  ...routesOf('/operator-policies', 'operator', 'administrator'),
]
