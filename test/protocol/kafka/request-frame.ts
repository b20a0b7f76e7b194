// The bytes of a whole request, as tests of the door and rigs against the real process send them.
import { type Api, requestHeaderVersion } from '../../../src/protocol/kafka/schema/api.ts'
import { requestHeader } from '../../../src/protocol/kafka/schema/header.ts'
import { codec } from '../../../src/wire/message.ts'
import type { Draft, Struct } from '../../../src/wire/schema.ts'
import { joined, Writer } from '../../../src/wire/writer.ts'

const writer = new Writer()

/** A whole request with its size in front. */
export function requestFrame<Q extends Struct, R extends Struct>(
  api: Api<Q, R>,
  version: number,
  body: Draft<Q>,
  correlationId = 1,
  clientId = 'tester',
): Buffer {
  writer.frame()
  const any = api as unknown as Api
  codec(requestHeader, requestHeaderVersion(any, version)).write(writer, {
    requestApiKey: api.key,
    requestApiVersion: version,
    correlationId,
    clientId,
  })
  codec(api.request, version).write(writer, body)
  return Buffer.from(joined(writer.finish()))
}
