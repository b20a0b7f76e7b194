// Chooses a SASL mechanism and carries its tokens.
import {
  array,
  bytes,
  int16,
  int64,
  nullable,
  type Of,
  since,
  string,
  struct,
} from '../../../wire/schema.ts'
import { api } from './api.ts'

export const SaslHandshakeRequest = struct({
  mechanism: string,
})
export type SaslHandshakeRequest = Of<typeof SaslHandshakeRequest>

export const SaslHandshakeResponse = struct({
  errorCode: int16,
  mechanisms: array(string),
})
export type SaslHandshakeResponse = Of<typeof SaslHandshakeResponse>

export const saslHandshake = api({
  key: 17,
  name: 'SaslHandshake',
  versions: [0, 1],
  flexibleFrom: null,
  request: SaslHandshakeRequest,
  response: SaslHandshakeResponse,
})

export const SaslAuthenticateRequest = struct({
  authBytes: bytes,
})
export type SaslAuthenticateRequest = Of<typeof SaslAuthenticateRequest>

export const SaslAuthenticateResponse = struct({
  errorCode: int16,
  errorMessage: nullable(string),
  authBytes: bytes,
  sessionLifetimeMs: since(1, int64, 0),
})
export type SaslAuthenticateResponse = Of<typeof SaslAuthenticateResponse>

export const saslAuthenticate = api({
  key: 36,
  name: 'SaslAuthenticate',
  versions: [0, 2],
  flexibleFrom: 2,
  request: SaslAuthenticateRequest,
  response: SaslAuthenticateResponse,
})
