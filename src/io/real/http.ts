// HTTP/1.1 by Node's own server, within limits. Invariant: no request can end the process or hold
// memory: headers and bodies are bounded, and who is silent or slow is cut off. Made by
// start-broker.ts.
import http from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { HttpLimits } from '../http.ts'
import {
  defaultHttpLimits,
  type Http,
  type HttpAnswer,
  type HttpHandler,
  type HttpRequest,
} from '../http.ts'
import { type Address, ListenError, type Listener } from '../network.ts'

export const realHttp: Http = {
  async listen(at, handler, limits = {}): Promise<Listener> {
    const server = makeServer(handler, { ...defaultHttpLimits, ...limits })
    await opened(server, at)
    const address = server.address()
    const port = typeof address === 'object' ? (address?.port ?? at.port) : at.port
    return {
      address: { host: at.host, port },
      async close() {
        server.close()
        server.closeAllConnections()
      },
    }
  },
}

function makeServer(handler: HttpHandler, limits: HttpLimits): http.Server {
  const bodies: Bodies = { bytes: 0, limits }
  const server = http.createServer(
    {
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.headersMsMax,
      requestTimeout: limits.headersMsMax,
      connectionsCheckingInterval: limits.headersMsMax / 2,
      keepAliveTimeout: limits.headersMsMax,
    },
    (request, response) => void answerOne(handler, bodies, request, response),
  )
  server.setTimeout(limits.silenceMsMax)
  server.on('connection', makeRoom(limits.connectionsMax))
  server.on('clientError', refuse)
  return server
}

/** What is no request, or too long a one, is answered; the rest of it is read, so that the answer
 * is not lost in a reset, but not for long. */
function refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET') socket.destroy()
  if (!socket.writable) return
  const status = statusOfCode.get(error.code ?? '') ?? '400 Bad Request'
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
  const end = setTimeout(() => socket.destroy(), lingerMs)
  socket.once('close', () => clearTimeout(end))
}

const lingerMs = 1000
const statusOfCode = new Map([
  ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large'],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', '413 Payload Too Large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout'],
])

/** Who comes as one too many takes the place of the first that is not being answered. */
function makeRoom(connectionsMax: number): (socket: Socket) => void {
  /** In the order in which they came. */
  const open = new Set<Socket>()
  return (socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    if (open.size <= connectionsMax) return
    const idle = [...open].find((each) => !answering.has(each))
    idle?.destroy()
  }
}

const answering = new WeakSet<Socket>()

function opened(server: http.Server, at: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(new ListenError(cause.code ?? 'EUNKNOWN', at, { cause }))
    })
    server.listen({ host: at.host, port: at.port }, () => {
      server.removeAllListeners('error')
      // Such as running out of descriptors in accept: the connection is lost, the listener lives.
      server.on('error', () => undefined)
      resolve()
    })
  })
}

async function answerOne(
  handler: HttpHandler,
  bodies: Bodies,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  const { socket } = request
  answering.add(socket)
  response.once('close', () => answering.delete(socket))
  const hasBody = request.headers['content-length'] || request.headers['transfer-encoding']
  const isRead = hasBody && bodies.limits.bodyBytesMax > 0
  const body = isRead ? await readBody(request, bodies) : nothing
  if (body === 'gone') return
  const pending = typeof body === 'string' ? refusals[body] : handler(requestOf(request, body))
  // While the node works on it nobody is silent but the node.
  if (pending instanceof Promise) socket.setTimeout(0)
  const answer = pending instanceof Promise ? await pending : pending
  socket.setTimeout(bodies.limits.silenceMsMax)
  if (typeof body !== 'string') bodies.bytes -= body.length
  // A body that nobody reads would be taken for the next request.
  const unread = hasBody && !request.readableEnded
  response.writeHead(answer.status, { ...answer.headers, ...(unread && { connection: 'close' }) })
  if (request.method === 'HEAD') response.end()
  else await send(answer, response)
}

const nothing = new Uint8Array(0)

/** Of all requests of one server: what is read, and not answered yet. */
interface Bodies {
  bytes: number
  readonly limits: HttpLimits
}

const plain = { 'content-type': 'text/plain; charset=utf-8' }

const refusals: Readonly<Record<'large' | 'many', HttpAnswer>> = {
  large: {
    status: 413,
    headers: plain,
    body: ['the body of the request is larger than this listener takes\n'],
  },
  many: {
    status: 503,
    headers: plain,
    body: ['this listener reads as many bodies as it has memory for; try again\n'],
  },
}

function requestOf(request: http.IncomingMessage, body: Uint8Array): HttpRequest {
  const target = request.url ?? ''
  const [path = '', query = ''] = (target.split('#', 1)[0] ?? '').split(/\?(.*)/s, 2)
  const { remoteAddress, remotePort } = request.socket
  return {
    method: request.method ?? '',
    path,
    query,
    header: (name) => {
      const value = request.headers[name]
      return Array.isArray(value) ? value.join(', ') : value
    },
    remote: { host: remoteAddress ?? '', port: remotePort ?? 0 },
    body,
  }
}

/** The whole body, unless it is too large or its client leaves. */
function readBody(
  request: http.IncomingMessage,
  bodies: Bodies,
): Promise<Uint8Array | 'large' | 'many' | 'gone'> {
  const { bodyBytesMax, bodiesBytesMax } = bodies.limits
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let bytes = 0
    let isOver = false
    const giveUp = (why: 'large' | 'many' | 'gone'): void => {
      if (isOver) return
      isOver = true
      bodies.bytes -= bytes
      chunks.length = 0
      request.pause()
      resolve(why)
    }
    request.on('data', (chunk: Buffer) => {
      if (isOver) return
      bytes += chunk.length
      bodies.bytes += chunk.length
      if (bytes > bodyBytesMax) giveUp('large')
      else if (bodies.bytes > bodiesBytesMax) giveUp('many')
      else chunks.push(chunk)
    })
    request.once('end', () => {
      if (isOver) return
      isOver = true
      resolve(Buffer.concat(chunks))
    })
    request.once('close', () => giveUp('gone'))
  })
}

async function send({ body }: HttpAnswer, response: http.ServerResponse): Promise<void> {
  for await (const piece of body) {
    if (response.destroyed) return
    if (!response.write(piece)) await writable(response)
  }
  response.end()
}

/** Resolves when there is room again, or nobody left to write for. */
function writable(response: http.ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done)
      resolve()
    }
    response.on('drain', done).on('close', done)
  })
}
