// Moves partitions to other nodes, and tells which are on the move.
import {
  array,
  boolean,
  int16,
  int32,
  nullable,
  type Of,
  since,
  string,
  struct,
} from '../../../wire/schema.ts'
import { api } from './api.ts'

export const AlterPartitionReassignmentsRequest = struct({
  timeoutMs: int32,
  allowReplicationFactorChange: since(1, boolean, true),
  topics: array(
    struct({
      name: string,
      partitions: array(
        struct({
          partitionIndex: int32,
          /** Null: stop what is under way. */
          replicas: nullable(array(int32)),
        }),
      ),
    }),
  ),
})
export type AlterPartitionReassignmentsRequest = Of<typeof AlterPartitionReassignmentsRequest>

export const AlterPartitionReassignmentsResponse = struct({
  throttleTimeMs: int32,
  allowReplicationFactorChange: since(1, boolean, true),
  errorCode: int16,
  errorMessage: nullable(string),
  responses: array(
    struct({
      name: string,
      partitions: array(
        struct({ partitionIndex: int32, errorCode: int16, errorMessage: nullable(string) }),
      ),
    }),
  ),
})
export type AlterPartitionReassignmentsResponse = Of<typeof AlterPartitionReassignmentsResponse>

export const alterPartitionReassignments = api({
  key: 45,
  name: 'AlterPartitionReassignments',
  versions: [0, 1],
  flexibleFrom: 0,
  request: AlterPartitionReassignmentsRequest,
  response: AlterPartitionReassignmentsResponse,
})

export const ListPartitionReassignmentsRequest = struct({
  timeoutMs: int32,
  /** Null: all. */
  topics: nullable(array(struct({ name: string, partitionIndexes: array(int32) }))),
})
export type ListPartitionReassignmentsRequest = Of<typeof ListPartitionReassignmentsRequest>

export const ListPartitionReassignmentsResponse = struct({
  throttleTimeMs: int32,
  errorCode: int16,
  errorMessage: nullable(string),
  topics: array(
    struct({
      name: string,
      partitions: array(
        struct({
          partitionIndex: int32,
          replicas: array(int32),
          addingReplicas: array(int32),
          removingReplicas: array(int32),
        }),
      ),
    }),
  ),
})
export type ListPartitionReassignmentsResponse = Of<typeof ListPartitionReassignmentsResponse>

export const listPartitionReassignments = api({
  key: 46,
  name: 'ListPartitionReassignments',
  versions: [0, 0],
  flexibleFrom: 0,
  request: ListPartitionReassignmentsRequest,
  response: ListPartitionReassignmentsResponse,
})
