// What stands in front of every request and response. The client id keeps its two-byte length in
// the flexible version too, since a broker must be able to read it before it knows the API's
// version.
import type { Message } from '../../../wire/message.ts'
import { int16, int32, nullable, type Of, string16, struct } from '../../../wire/schema.ts'

const requestHeaderBody = struct({
  requestApiKey: int16,
  requestApiVersion: int16,
  correlationId: int32,
  clientId: nullable(string16),
})
export type RequestHeader = Of<typeof requestHeaderBody>

export const requestHeader: Message<typeof requestHeaderBody> = {
  name: 'RequestHeader',
  versions: [1, 2],
  flexibleFrom: 2,
  body: requestHeaderBody,
}

const responseHeaderBody = struct({ correlationId: int32 })
export type ResponseHeader = Of<typeof responseHeaderBody>

export const responseHeader: Message<typeof responseHeaderBody> = {
  name: 'ResponseHeader',
  versions: [0, 1],
  flexibleFrom: 1,
  body: responseHeaderBody,
}
