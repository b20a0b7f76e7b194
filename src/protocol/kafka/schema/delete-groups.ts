// Deletes groups, or some of their stored offsets.
import { array, int16, int32, type Of, string, struct } from '../../../wire/schema.ts'
import { api } from './api.ts'

export const DeleteGroupsRequest = struct({
  groupsNames: array(string),
})
export type DeleteGroupsRequest = Of<typeof DeleteGroupsRequest>

export const DeleteGroupsResponse = struct({
  throttleTimeMs: int32,
  results: array(struct({ groupId: string, errorCode: int16 })),
})
export type DeleteGroupsResponse = Of<typeof DeleteGroupsResponse>

export const deleteGroups = api({
  key: 42,
  name: 'DeleteGroups',
  versions: [0, 2],
  flexibleFrom: 2,
  request: DeleteGroupsRequest,
  response: DeleteGroupsResponse,
})

export const OffsetDeleteRequest = struct({
  groupId: string,
  topics: array(
    struct({
      name: string,
      partitions: array(struct({ partitionIndex: int32 })),
    }),
  ),
})
export type OffsetDeleteRequest = Of<typeof OffsetDeleteRequest>

export const OffsetDeleteResponse = struct({
  errorCode: int16,
  throttleTimeMs: int32,
  topics: array(
    struct({
      name: string,
      partitions: array(struct({ partitionIndex: int32, errorCode: int16 })),
    }),
  ),
})
export type OffsetDeleteResponse = Of<typeof OffsetDeleteResponse>

export const offsetDelete = api({
  key: 47,
  name: 'OffsetDelete',
  versions: [0, 0],
  flexibleFrom: null,
  request: OffsetDeleteRequest,
  response: OffsetDeleteResponse,
})
