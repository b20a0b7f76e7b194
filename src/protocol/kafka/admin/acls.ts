// DescribeAcls, CreateAcls and DeleteAcls, versions 1 to 3. Where clients are users of this node,
// they show and change permissions, as far as access lists can say them; elsewhere the answer is
// SECURITY_DISABLED, in the places where Kafka puts it when it has no authorizer. Clients that
// sync access lists on the side (MirrorMaker) take it as "there are none here".
import type { Grant, Grants, NameSet, Right } from '../../../broker/api.ts'
import { type Refusal, type Result, refuse } from '../../../model/errors.ts'
import type { Call } from '../call.ts'
import { errorCode, errorMessage, kafkaCodes } from '../errors.ts'
import { answering } from '../handler.ts'
import { inParts } from '../in-parts.ts'
import {
  type CreateAclsRequest,
  createAcls,
  type DeleteAclsRequest,
  deleteAcls,
  describeAcls,
} from '../schema/acls.ts'
import {
  type Binding,
  bindingsOf,
  filterFault,
  fits,
  isWhole,
  rightsFor,
  subjectOf,
} from './acl-mapping.ts'

type Creation = CreateAclsRequest['creations'][number]
type Filter = DeleteAclsRequest['filters'][number]

const fine = { errorCode: 0, errorMessage: null }

const disabled = {
  errorCode: kafkaCodes.securityDisabled,
  errorMessage: 'there are no access lists here: who may come in may do everything',
}

function refused({ error, message }: Refusal, call: Call<never>) {
  call.refused(error, '', message)
  return { errorCode: errorCode(error), errorMessage: errorMessage(error, message) }
}

const outcome = (done: Result<unknown>, call: Call<never>) => (done.ok ? fine : refused(done, call))

export const describeAclsHandler = answering(describeAcls, (filter, call) => {
  const { grants } = call.door.broker
  if (grants === null) return { throttleTimeMs: 0, ...disabled, resources: [] }
  const fault = filterFault({ ...filter })
  const listed = fault === null ? grants.list() : refuse('invalidRequest', fault)
  if (!listed.ok) return { throttleTimeMs: 0, ...refused(listed, call), resources: [] }
  const found = listed.value.flatMap(bindingsOf).filter((binding) => fits(binding, filter))
  return { throttleTimeMs: 0, ...fine, resources: resourcesOf(found) }
})

/** The lines about one resource together, each once. */
function resourcesOf(bindings: readonly Binding[]) {
  const byResource = new Map<string, Map<string, Binding>>()
  for (const binding of bindings) {
    const { resourceType, patternType, resourceName, principal, operation } = binding
    const resource = `${resourceType} ${patternType} ${resourceName}`
    const lines = byResource.get(resource) ?? new Map<string, Binding>()
    lines.set(`${operation} ${principal}`, binding)
    byResource.set(resource, lines)
  }
  return Array.from(byResource.values(), (lines) => {
    const acls = [...lines.values()]
    const { resourceType = 0, resourceName = '', patternType = 0 } = acls[0] ?? {}
    return { resourceType, resourceName, patternType, acls }
  })
}

export const createAclsHandler = answering(createAcls, async ({ creations }, call) => {
  const { grants } = call.door.broker
  if (grants === null) return { throttleTimeMs: 0, results: creations.map(() => disabled) }
  const listed = grants.list()
  if (!listed.ok) {
    const answer = refused(listed, call)
    return { throttleTimeMs: 0, results: creations.map(() => answer) }
  }
  const wished = creations.map((creation) => wishOf(creation))
  const asked = new Map<string, Set<number>>()
  for (const wish of wished) {
    if (!wish.ok) continue
    const { key, binding } = wish.value
    const together = asked.get(key) ?? new Set()
    asked.set(key, together.add(binding.operation))
  }
  const results = await inParts(wished, call.door.clock, async (wish) => {
    const done = wish.ok
      ? await grant(wish.value, asked.get(wish.value.key) ?? new Set(), listed.value, grants)
      : wish
    return outcome(done, call)
  })
  return { throttleTimeMs: 0, results }
})

interface Wish {
  readonly binding: Binding
  readonly user: string
  readonly names: NameSet
  /** What is wished for the same user, type and names belongs together. */
  readonly key: string
}

function wishOf({ resourcePatternType, ...creation }: Creation): Result<Wish> {
  const binding = { ...creation, patternType: resourcePatternType }
  const subject = subjectOf(binding)
  if (!subject.ok) return subject
  const { user, names } = subject.value
  const { resourceType, resourceName } = binding
  const key = JSON.stringify([user, resourceType, names.kind, resourceName])
  return { ok: true, value: { binding, user, names, key } }
}

async function grant(
  { binding, user, names }: Wish,
  asked: ReadonlySet<number>,
  listed: readonly Grant[],
  grants: Grants,
): Promise<Result<null>> {
  const same = listed.filter((each) => each.user === user && isSame(each.names, names))
  const present: ReadonlySet<Right> = new Set(same.map((each) => each.right))
  const rights = rightsFor(binding, asked, present)
  if (!rights.ok) return rights
  for (const right of rights.value) {
    const done = await grants.add({ user, right, names })
    if (!done.ok) return done
  }
  return { ok: true, value: null }
}

const isSame = (a: NameSet, b: NameSet): boolean =>
  a.kind === b.kind && (a.kind === 'any' || b.kind === 'any' || a.text === b.text)

export const deleteAclsHandler = answering(deleteAcls, async ({ filters }, call) => {
  const { grants } = call.door.broker
  const results =
    grants === null
      ? filters.map(() => ({ ...disabled, matchingAcls: [] }))
      : await inParts(filters, call.door.clock, (filter) => takeAway(filter, grants, call))
  return { throttleTimeMs: 0, filterResults: results }
})

/** The answer shows all that goes, also what of a right the filter does not name. */
async function takeAway(filter: Filter, grants: Grants, call: Call<never>) {
  const fault = filterFault({ ...filter })
  const listed = fault === null ? grants.list() : refuse('invalidRequest', fault)
  if (!listed.ok) return { ...refused(listed, call), matchingAcls: [] }
  const matchingAcls: (Binding & ReturnType<typeof outcome>)[] = []
  for (const each of listed.value) {
    const all = bindingsOf(each)
    const fitting = all.filter((binding) => fits(binding, filter))
    if (fitting.length === 0) continue
    const isAll = isWhole(each, fitting)
    const done = isAll ? await grants.remove(each) : refuse('invalidRequest', partText)
    const told = outcome(done, call)
    for (const binding of isAll ? all : fitting) matchingAcls.push({ ...binding, ...told })
  }
  return { ...fine, matchingAcls }
}

const partText =
  'create, delete and alter are one right here, to configure: a filter takes away all or none'
