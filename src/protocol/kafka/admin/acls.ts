// DescribeAcls, CreateAcls and DeleteAcls, versions 1 to 3, of a broker without access lists:
// SECURITY_DISABLED, in the places where Kafka puts it when it has no authorizer. Clients that
// sync access lists on the side (MirrorMaker) take it as "there are none here".
import { kafkaCodes } from '../errors.ts'
import { answering } from '../handler.ts'
import { createAcls, deleteAcls, describeAcls } from '../schema/acls.ts'

const disabled = {
  errorCode: kafkaCodes.securityDisabled,
  errorMessage: 'there are no access lists here: who may come in may do everything',
}

export const describeAclsHandler = answering(describeAcls, () => ({
  throttleTimeMs: 0,
  ...disabled,
  resources: [],
}))

export const createAclsHandler = answering(createAcls, ({ creations }) => ({
  throttleTimeMs: 0,
  results: creations.map(() => disabled),
}))

export const deleteAclsHandler = answering(deleteAcls, ({ filters }) => ({
  throttleTimeMs: 0,
  filterResults: filters.map(() => ({ ...disabled, matchingAcls: [] })),
}))
