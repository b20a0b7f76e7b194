// What groups there are, and what is in them.
import {
  array,
  boolean,
  bytes,
  int16,
  int32,
  nullable,
  type Of,
  since,
  string,
  struct,
} from '../../../wire/schema.ts'
import { api } from './api.ts'

export const DescribeGroupsRequest = struct({
  groups: array(string),
  includeAuthorizedOperations: since(3, boolean, false),
})
export type DescribeGroupsRequest = Of<typeof DescribeGroupsRequest>

export const DescribeGroupsResponse = struct({
  throttleTimeMs: since(1, int32, 0),
  groups: array(
    struct({
      errorCode: int16,
      errorMessage: since(6, nullable(string), null),
      groupId: string,
      groupState: string,
      protocolType: string,
      protocolData: string,
      members: array(
        struct({
          memberId: string,
          groupInstanceId: since(4, nullable(string), null),
          clientId: string,
          clientHost: string,
          memberMetadata: bytes,
          memberAssignment: bytes,
        }),
      ),
      authorizedOperations: since(3, int32, -2147483648),
    }),
  ),
})
export type DescribeGroupsResponse = Of<typeof DescribeGroupsResponse>

export const describeGroups = api({
  key: 15,
  name: 'DescribeGroups',
  versions: [0, 6],
  flexibleFrom: 5,
  request: DescribeGroupsRequest,
  response: DescribeGroupsResponse,
})

export const ListGroupsRequest = struct({
  statesFilter: since(4, array(string), []),
  typesFilter: since(5, array(string), []),
})
export type ListGroupsRequest = Of<typeof ListGroupsRequest>

export const ListGroupsResponse = struct({
  throttleTimeMs: since(1, int32, 0),
  errorCode: int16,
  groups: array(
    struct({
      groupId: string,
      protocolType: string,
      groupState: since(4, string, ''),
      groupType: since(5, string, ''),
    }),
  ),
})
export type ListGroupsResponse = Of<typeof ListGroupsResponse>

export const listGroups = api({
  key: 16,
  name: 'ListGroups',
  versions: [0, 5],
  flexibleFrom: 3,
  request: ListGroupsRequest,
  response: ListGroupsResponse,
})
