// How a member enters a classic group, and how the leader's assignment reaches the members.
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

export const JoinGroupRequest = struct({
  groupId: string,
  sessionTimeoutMs: int32,
  rebalanceTimeoutMs: since(1, int32, -1),
  memberId: string,
  groupInstanceId: since(5, nullable(string), null),
  protocolType: string,
  protocols: array(struct({ name: string, metadata: bytes })),
  reason: since(8, nullable(string), null),
})
export type JoinGroupRequest = Of<typeof JoinGroupRequest>

export const JoinGroupResponse = struct({
  throttleTimeMs: since(2, int32, 0),
  errorCode: int16,
  generationId: int32,
  protocolType: since(7, nullable(string), null),
  protocolName: nullable(string, 7),
  leader: string,
  skipAssignment: since(9, boolean, false),
  memberId: string,
  members: array(
    struct({
      memberId: string,
      groupInstanceId: since(5, nullable(string), null),
      metadata: bytes,
    }),
  ),
})
export type JoinGroupResponse = Of<typeof JoinGroupResponse>

export const joinGroup = api({
  key: 11,
  name: 'JoinGroup',
  versions: [0, 9],
  flexibleFrom: 6,
  request: JoinGroupRequest,
  response: JoinGroupResponse,
})

export const SyncGroupRequest = struct({
  groupId: string,
  generationId: int32,
  memberId: string,
  groupInstanceId: since(3, nullable(string), null),
  protocolType: since(5, nullable(string), null),
  protocolName: since(5, nullable(string), null),
  assignments: array(struct({ memberId: string, assignment: bytes })),
})
export type SyncGroupRequest = Of<typeof SyncGroupRequest>

export const SyncGroupResponse = struct({
  throttleTimeMs: since(1, int32, 0),
  errorCode: int16,
  protocolType: since(5, nullable(string), null),
  protocolName: since(5, nullable(string), null),
  assignment: bytes,
})
export type SyncGroupResponse = Of<typeof SyncGroupResponse>

export const syncGroup = api({
  key: 14,
  name: 'SyncGroup',
  versions: [0, 5],
  flexibleFrom: 4,
  request: SyncGroupRequest,
  response: SyncGroupResponse,
})
