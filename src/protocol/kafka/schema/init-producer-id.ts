// Gives an idempotent producer its id and epoch. Version 6 is not yet stable in Kafka 4.2.
import {
  int16,
  int32,
  int64,
  int64Near,
  nullable,
  type Of,
  since,
  string,
  struct,
} from '../../../wire/schema.ts'
import { api } from './api.ts'

export const InitProducerIdRequest = struct({
  transactionalId: nullable(string),
  transactionTimeoutMs: int32,
  producerId: since(3, int64Near, -1),
  producerEpoch: since(3, int16, -1),
})
export type InitProducerIdRequest = Of<typeof InitProducerIdRequest>

export const InitProducerIdResponse = struct({
  throttleTimeMs: int32,
  errorCode: int16,
  producerId: int64,
  producerEpoch: int16,
})
export type InitProducerIdResponse = Of<typeof InitProducerIdResponse>

export const initProducerId = api({
  key: 22,
  name: 'InitProducerId',
  versions: [0, 5],
  flexibleFrom: 2,
  request: InitProducerIdRequest,
  response: InitProducerIdResponse,
})
