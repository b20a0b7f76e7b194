// One API of Kafka as a plain table entry: key, versions, and the layouts of request and response.
// Every file of this room declares its APIs with it, in the words of Kafka's own definitions.
import { isFlexible, type Message } from '../../../wire/message.ts'
import type { Struct } from '../../../wire/schema.ts'

export interface Api<Request extends Struct = Struct, Response extends Struct = Struct> {
  readonly key: number
  readonly name: string
  /** Oldest and newest version answered. */
  readonly versions: readonly [oldest: number, newest: number]
  /** Oldest version shown to clients, where that is older than what is answered. */
  readonly advertisedFrom: number
  readonly flexibleFrom: number | null
  readonly request: Message<Request>
  readonly response: Message<Response>
}

interface Declaration<Request extends Struct, Response extends Struct> {
  readonly key: number
  readonly name: string
  readonly versions: readonly [oldest: number, newest: number]
  readonly advertisedFrom?: number
  readonly flexibleFrom: number | null
  readonly request: Request
  readonly response: Response
}

export function api<Request extends Struct, Response extends Struct>(
  declared: Declaration<Request, Response>,
): Api<Request, Response> {
  const { name, versions, flexibleFrom } = declared
  return {
    ...declared,
    advertisedFrom: declared.advertisedFrom ?? versions[0],
    request: { name: `${name}Request`, versions, flexibleFrom, body: declared.request },
    response: { name: `${name}Response`, versions, flexibleFrom, body: declared.response },
  }
}

const apiVersionsKey = 18

/** Version of the header in front of a request. */
export const requestHeaderVersion = (of: Api, version: number): number =>
  isFlexible(of.request, version) ? 2 : 1

/**
 * Version of the header in front of a response. That of ApiVersions is always 0: the client reads
 * it before it knows which versions the broker speaks (KIP-511).
 */
export const responseHeaderVersion = (of: Api, version: number): number =>
  of.key !== apiVersionsKey && isFlexible(of.response, version) ? 1 : 0
