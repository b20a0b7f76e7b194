// From the bytes of a request to its handler, and from its response to the bytes of an answer.
// Every decoding of a request's bytes happens below `dispatch`, whose one `catch` turns what is
// wrong with them into words; a request that cannot be answered closes its connection, as in Kafka.
import type { Codec } from '../../wire/codec.ts'
import { codec } from '../../wire/message.ts'
import { Reader } from '../../wire/reader.ts'
import { WireError } from '../../wire/wire-error.ts'
import { type Encoded, Writer } from '../../wire/writer.ts'
import { unsupportedVersionAnswer } from './api-versions.ts'
import type { Authentication } from './authentication.ts'
import { Call, type CallOwner } from './call.ts'
import type { DoorContext } from './door-context.ts'
import type { Handler } from './handler.ts'
import { type Api, requestHeaderVersion, responseHeaderVersion } from './schema/api.ts'
import { apiVersions } from './schema/api-versions.ts'
import { type ResponseHeader, requestHeader, responseHeader } from './schema/header.ts'

/** Bytes of a request before which nothing can be said about it: key, version, correlation id. */
export const requestBytesMin = 8

const correlationIdAt = 4

/** All that is needed to speak one version of one API. */
interface Dialect {
  readonly handler: Handler
  readonly version: number
  readonly header: ReturnType<typeof requestHeaderCodec>
  readonly request: Codec<unknown, unknown>
  readonly responseHeader: Codec<ResponseHeader, ResponseHeader>
  readonly response: Codec<unknown, unknown>
  /** Begun since the start. */
  requests: number
}

const requestHeaderCodec = (version: number) => codec(requestHeader, version)

export interface RequestCount {
  readonly api: string
  readonly version: number
  readonly requests: number
}

export interface DispatchOwner extends CallOwner {
  /** Called before the handler, which may answer at once. */
  begin(call: Call<unknown>): void
}

export class Dispatcher {
  private readonly door: DoorContext
  private readonly doorFor: ((user: string) => DoorContext) | null
  /** Of those who have logged in; it goes with their connection. */
  private readonly doors = new WeakMap<Authentication, DoorContext>()
  private readonly handlers: ReadonlyMap<number, Handler>
  private readonly dialects = new Map<number, Dialect>()
  private readonly writer: Writer

  /** `doorFor`: the door as a client sees it who has logged in; null: all see `door`. */
  constructor(
    door: DoorContext,
    handlers: readonly Handler[],
    doorFor: ((user: string) => DoorContext) | null = null,
  ) {
    this.door = door
    this.doorFor = doorFor
    this.writer = new Writer(door.limits.answerBytesMax)
    this.handlers = new Map(handlers.map((handler) => [handler.api.key, handler]))
  }

  /** Begins to answer one request. Null, or why it cannot be answered. */
  dispatch(frame: Buffer, owner: DispatchOwner): string | null {
    try {
      return this.begin(frame, owner)
    } catch (error) {
      if (error instanceof WireError) return error.message
      throw error
    }
  }

  /** Begins a call whose frames have no header in either direction: a raw SASL token. */
  rawCall(owner: DispatchOwner): Call<Uint8Array> {
    const encode = (token: unknown): Encoded => {
      this.writer.frame()
      this.writer.raw(token as Uint8Array)
      return this.writer.finish()
    }
    const call = new Call<Uint8Array>(this.door, owner, -1, 0, null, encode)
    owner.begin(call as Call<unknown>)
    return call
  }

  /** How many requests of each API and version were begun. */
  *requests(): Generator<RequestCount> {
    for (const { handler, version, requests } of this.dialects.values())
      yield { api: handler.api.name, version, requests }
  }

  private begin(frame: Buffer, owner: DispatchOwner): string | null {
    const key = frame.readInt16BE(0)
    const version = frame.readInt16BE(2)
    const handler = this.handlers.get(key)
    if (handler === undefined)
      return `api key ${key} is not among those that ApiVersions shows (docs/protocols/kafka.md)`
    const { api } = handler
    if (!owner.authentication.permits(key)) return `${api.name} before authentication`
    const [oldest, newest] = api.versions
    if (version < oldest || version > newest) {
      if (key !== apiVersions.key) return `${api.name} version ${version} is not supported`
      this.refuseVersion(frame, handler, owner)
      return null
    }
    const dialect = this.dialect(handler, version)
    const reader = new Reader(frame)
    const header = dialect.header.read(reader)
    const request = dialect.request.read(reader)
    const call = this.call(dialect, owner, header.correlationId, header.clientId)
    dialect.requests++
    owner.begin(call)
    handler.handle(request, call)
    return null
  }

  /** KIP-511: ApiVersions of a version that we do not know is answered as if it were version 0. */
  private refuseVersion(frame: Buffer, handler: Handler, owner: DispatchOwner): void {
    const correlationId = frame.readInt32BE(correlationIdAt)
    const call = this.call(this.dialect(handler, 0), owner, correlationId, null)
    owner.begin(call)
    call.reply(unsupportedVersionAnswer)
  }

  private call(
    dialect: Dialect,
    owner: DispatchOwner,
    correlationId: number,
    clientId: string | null,
  ): Call<unknown> {
    const encode = (response: unknown): Encoded => {
      this.writer.frame()
      try {
        dialect.responseHeader.write(this.writer, { correlationId })
        dialect.response.write(this.writer, response)
        return this.writer.finish()
      } catch (error) {
        this.writer.discard()
        throw error
      }
    }
    const { key } = dialect.handler.api
    const door = this.doorOf(owner.authentication)
    return new Call(door, owner, key, dialect.version, clientId, encode)
  }

  private doorOf(authentication: Authentication): DoorContext {
    const { user } = authentication
    if (this.doorFor === null || user === null) return this.door
    const found = this.doors.get(authentication)
    if (found !== undefined) return found
    const made = this.doorFor(user)
    this.doors.set(authentication, made)
    return made
  }

  private dialect(handler: Handler, version: number): Dialect {
    const id = handler.api.key * 256 + version
    const found = this.dialects.get(id)
    if (found !== undefined) return found
    const made = makeDialect(handler, version)
    this.dialects.set(id, made)
    return made
  }
}

function makeDialect(handler: Handler, version: number): Dialect {
  const api: Api = handler.api
  return {
    handler,
    version,
    header: requestHeaderCodec(requestHeaderVersion(api, version)),
    request: codec(api.request, version),
    responseHeader: codec(responseHeader, responseHeaderVersion(api, version)),
    response: codec(api.response, version),
    requests: 0,
  }
}
