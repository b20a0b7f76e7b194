// The management API over a node in memory, called without a socket, and with a clock that stands
// still until a test moves it.
import assert from 'node:assert/strict'
import { openManagementDoor } from '../../../src/admin/management/door.ts'
import type { ManagedNode } from '../../../src/admin/management/managed-node.ts'
import { allRoutes } from '../../../src/admin/management/resources/all-routes.ts'
import type { NodeBroker } from '../../../src/broker/broker.ts'
import type { Clock, Timer } from '../../../src/io/clock.ts'
import type { Disk } from '../../../src/io/disk.ts'
import type { Http, HttpHandler } from '../../../src/io/http.ts'
import { memoryDisk } from '../../../src/io/memory-disk.ts'
import { withMessaging } from '../../broker/messaging-fixture.ts'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
  readonly json: any
  readonly text: string
}

export class StillClock implements Clock {
  #nowMs = 1_700_000_000_000
  #timers: { readonly atMs: number; readonly action: () => void }[] = []

  now(): number {
    return this.#nowMs
  }

  monotonic(): number {
    return this.#nowMs
  }

  after(ms: number, action: () => void): Timer {
    const timer = { atMs: this.#nowMs + ms, action }
    this.#timers.push(timer)
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((each) => each !== timer)
      },
    }
  }

  soon(action: () => void): void {
    queueMicrotask(action)
  }

  get timers(): number {
    return this.#timers.length
  }

  pass(ms: number): void {
    this.#nowMs += ms
    const due = this.#timers.filter((each) => each.atMs <= this.#nowMs)
    this.#timers = this.#timers.filter((each) => each.atMs > this.#nowMs)
    for (const { action } of due) action()
  }
}

export class Api {
  readonly node: NodeBroker
  readonly managed: ManagedNode
  readonly clock: StillClock
  readonly #handler: HttpHandler

  constructor(node: NodeBroker, managed: ManagedNode, clock: StillClock, handler: HttpHandler) {
    this.node = node
    this.managed = managed
    this.clock = clock
    this.#handler = handler
  }

  /** `login`: name:password; '' none. `body`: text is sent as it is. */
  async call(
    method: string,
    path: string,
    body?: unknown,
    login = 'guest:guest',
    more: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const [target = '', query = ''] = path.split('?')
    const encoded = Buffer.from(login).toString('base64')
    const headers: Record<string, string> = { ...more }
    if (login !== '') headers['authorization'] = `Basic ${encoded}`
    const text = typeof body === 'string' ? body : JSON.stringify(body ?? {})
    const answer = await this.#handler({
      method,
      path: `/api${target}`,
      query,
      header: (name) => headers[name],
      remote: { host: '127.0.0.1', port: 1 },
      body: body === undefined ? new Uint8Array(0) : Buffer.from(text),
    })
    let sent = ''
    for await (const piece of answer.body) sent += piece
    const json = sent === '' ? null : JSON.parse(sent)
    return { status: answer.status, headers: answer.headers, json, text: sent }
  }

  /** What a GET shows, which must be there. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
  async get(path: string, login?: string): Promise<any> {
    const { status, json } = await this.call('GET', path, undefined, login)
    assert.equal(status, 200, `${path}: ${JSON.stringify(json)}`)
    return json
  }

  /** Status, and the reason if there is one. */
  async status(method: string, path: string, body?: unknown, login?: string): Promise<string> {
    const { status, json } = await this.call(method, path, body, login)
    return json?.reason === undefined ? `${status}` : `${status} ${json.reason}`
  }
}

export function withApi(
  use: (api: Api) => Promise<void>,
  more: Partial<ManagedNode> = {},
  disk: Disk = memoryDisk(),
): Promise<void> {
  return withMessaging(async (broker) => {
    const clock = new StillClock()
    const node = managedNode(broker, clock, more)
    let handler: HttpHandler | null = null
    const http: Http = {
      async listen(at, given) {
        handler = given
        return { address: at, close: async () => undefined }
      },
    }
    const address = { host: '127.0.0.1', port: 15672 }
    const door = await openManagementDoor({ http, address, node, routes: allRoutes })
    assert.ok(handler !== null)
    try {
      await use(new Api(broker, node, clock, handler))
    } finally {
      await door.close()
    }
    assert.equal(clock.timers, 0, 'a closed door has set no timer')
  }, disk)
}

const managedNode = (
  { messaging, accounts, policies }: NodeBroker,
  clock: Clock,
  more: Partial<ManagedNode>,
): ManagedNode => ({
  name: 'polymq@test',
  clusterId: 'cluster',
  clusterName: 'cluster',
  version: '0',
  behavesLike: '4.2.0',
  ...{ messaging, accounts, policies, clock },
  listeners: () => [{ protocol: 'amqp', address: { host: '127.0.0.1', port: 5672 } }],
  doors: () => [],
  httpLogins: { done: 0, failed: 0 },
  openFiles: () => 30,
  sockets: () => 0,
  dataDir: null,
  processId: 1,
  openFilesMax: 1000,
  memoryBytesMax: 1 << 30,
  stats: () => ({
    residentBytes: 1,
    heapBytes: 1,
    externalBytes: 1,
    cpuSeconds: 1,
    startSeconds: 1,
  }),
  disk: () => ({ freeBytes: 100, bytesMin: 10, isLow: false }),
  unhealthy: () => null,
  ...more,
})
