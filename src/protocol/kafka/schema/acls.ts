// Lists, creates and deletes access control lists.
import {
  array,
  int8,
  int16,
  int32,
  nullable,
  type Of,
  string,
  struct,
} from '../../../wire/schema.ts'
import { api } from './api.ts'

/** Null matches any. */
const filter = {
  resourceTypeFilter: int8,
  resourceNameFilter: nullable(string),
  patternTypeFilter: int8,
  principalFilter: nullable(string),
  hostFilter: nullable(string),
  operation: int8,
  permissionType: int8,
}

const rule = { principal: string, host: string, operation: int8, permissionType: int8 }

export const DescribeAclsRequest = struct(filter)
export type DescribeAclsRequest = Of<typeof DescribeAclsRequest>

export const DescribeAclsResponse = struct({
  throttleTimeMs: int32,
  errorCode: int16,
  errorMessage: nullable(string),
  resources: array(
    struct({
      resourceType: int8,
      resourceName: string,
      patternType: int8,
      acls: array(struct(rule)),
    }),
  ),
})
export type DescribeAclsResponse = Of<typeof DescribeAclsResponse>

export const describeAcls = api({
  key: 29,
  name: 'DescribeAcls',
  versions: [1, 3],
  flexibleFrom: 2,
  request: DescribeAclsRequest,
  response: DescribeAclsResponse,
})

export const CreateAclsRequest = struct({
  creations: array(
    struct({ resourceType: int8, resourceName: string, resourcePatternType: int8, ...rule }),
  ),
})
export type CreateAclsRequest = Of<typeof CreateAclsRequest>

export const CreateAclsResponse = struct({
  throttleTimeMs: int32,
  results: array(struct({ errorCode: int16, errorMessage: nullable(string) })),
})
export type CreateAclsResponse = Of<typeof CreateAclsResponse>

export const createAcls = api({
  key: 30,
  name: 'CreateAcls',
  versions: [1, 3],
  flexibleFrom: 2,
  request: CreateAclsRequest,
  response: CreateAclsResponse,
})

export const DeleteAclsRequest = struct({ filters: array(struct(filter)) })
export type DeleteAclsRequest = Of<typeof DeleteAclsRequest>

export const DeleteAclsResponse = struct({
  throttleTimeMs: int32,
  filterResults: array(
    struct({
      errorCode: int16,
      errorMessage: nullable(string),
      matchingAcls: array(
        struct({
          errorCode: int16,
          errorMessage: nullable(string),
          resourceType: int8,
          resourceName: string,
          patternType: int8,
          ...rule,
        }),
      ),
    }),
  ),
})
export type DeleteAclsResponse = Of<typeof DeleteAclsResponse>

export const deleteAcls = api({
  key: 31,
  name: 'DeleteAcls',
  versions: [1, 3],
  flexibleFrom: 2,
  request: DeleteAclsRequest,
  response: DeleteAclsResponse,
})
