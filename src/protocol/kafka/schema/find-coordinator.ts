// Which broker coordinates a group (key type 0) or a transactional id (1). From version 4 on for
// several.
import {
  array,
  between,
  int8,
  int16,
  int32,
  nullable,
  type Of,
  since,
  string,
  struct,
  until,
} from '../../../wire/schema.ts'
import { api } from './api.ts'

export const FindCoordinatorRequest = struct({
  key: until(3, string, ''),
  keyType: since(1, int8, 0),
  coordinatorKeys: since(4, array(string), []),
})
export type FindCoordinatorRequest = Of<typeof FindCoordinatorRequest>

export const FindCoordinatorResponse = struct({
  throttleTimeMs: since(1, int32, 0),
  errorCode: until(3, int16, 0),
  errorMessage: between(1, 3, nullable(string), ''),
  nodeId: until(3, int32, 0),
  host: until(3, string, ''),
  port: until(3, int32, 0),
  coordinators: since(
    4,
    array(
      struct({
        key: string,
        nodeId: int32,
        host: string,
        port: int32,
        errorCode: int16,
        errorMessage: nullable(string),
      }),
    ),
    [],
  ),
})
export type FindCoordinatorResponse = Of<typeof FindCoordinatorResponse>

export const findCoordinator = api({
  key: 10,
  name: 'FindCoordinator',
  versions: [0, 6],
  flexibleFrom: 3,
  request: FindCoordinatorRequest,
  response: FindCoordinatorResponse,
})
