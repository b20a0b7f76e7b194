// HTTP as the rooms above see it: a listener that asks a handler for each request. Small on
// purpose: bodies come whole and bounded, answers go in pieces. The real one is real/http.ts.
import type { Address, Listener } from './network.ts'

export interface HttpRequest {
  /** In capitals. */
  readonly method: string
  /** Of the target, without query and fragment; not decoded. Starts with '/', or is '*'. */
  readonly path: string
  /** Behind the '?', not decoded; '' without one. */
  readonly query: string
  /** By name in small letters; of one that comes several times, what Node makes of it. */
  readonly header: (name: string) => string | undefined
  readonly remote: Address
  /** Empty where the listener's limit for bodies is 0. */
  readonly body: Uint8Array
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /**
   * Pulled as fast as the client takes them, so a large answer is never held whole; given up when
   * the client leaves. Not pulled for a HEAD request.
   */
  readonly body: Iterable<string> | AsyncIterable<string>
}

export interface HttpLimits {
  /** Request line and headers together. */
  readonly headerBytesMax: number
  readonly connectionsMax: number
  /** From the connection, or the answer before, to the end of the headers. */
  readonly headersMsMax: number
  /** A connection on which nothing moves for so long is closed. */
  readonly silenceMsMax: number
  /** Larger ones are refused with 413. 0: bodies are not read. */
  readonly bodyBytesMax: number
  /** Of all bodies that are read at a time; beyond, a request is refused with 503. */
  readonly bodiesBytesMax: number
}

export const defaultHttpLimits: HttpLimits = {
  headerBytesMax: 16_384,
  connectionsMax: 64,
  headersMsMax: 5_000,
  silenceMsMax: 30_000,
  bodyBytesMax: 0,
  bodiesBytesMax: 64 << 20,
}

/** What the handler throws is a bug; nothing that a client sends may lead to it. */
export type HttpHandler = (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>

export interface Http {
  /** As `Network.listen`. Closing also closes the connections. */
  listen(at: Address, handler: HttpHandler, limits?: Partial<HttpLimits>): Promise<Listener>
}
