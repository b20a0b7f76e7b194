// The listener `http`: the management API of the node, RabbitMQ's paths and JSON, so that its tools
// work here. Finds the route, who calls and whether they may, and lets the route's handler answer.
// Opened by start-broker.ts, when everything else is open.
import type { Http, HttpAnswer, HttpLimits, HttpRequest } from '../../io/http.ts'
import type { Address, Listener } from '../../io/network.ts'
import { json, notFound, Refused, refusedAnswer } from './answer.ts'
import { Call } from './call.ts'
import { callerOf } from './caller.ts'
import type { ManagedNode } from './managed-node.ts'
import { Rates } from './rates.ts'
import { type Route, RouteTable } from './routes.ts'

export interface ManagementDoorOptions {
  readonly http: Http
  readonly address: Address
  readonly node: ManagedNode
  readonly routes: readonly Route[]
  readonly limits?: Partial<HttpLimits>
}

const limits: Partial<HttpLimits> = {
  bodyBytesMax: 16 << 20,
  bodiesBytesMax: 64 << 20,
  connectionsMax: 256,
}

/** Resolves when connections are accepted; rejects as `Network.listen` does. */
export async function openManagementDoor(options: ManagementDoorOptions): Promise<Listener> {
  const { http, address, node, routes } = options
  const api = new Api(node, routes)
  const listener = await http.listen(address, (request) => api.answer(request), {
    ...limits,
    ...options.limits,
  })
  return {
    address: listener.address,
    async close() {
      api.close()
      await listener.close()
    },
  }
}

class Api {
  readonly #node: ManagedNode
  readonly #rates: Rates
  readonly #routes: RouteTable

  constructor(node: ManagedNode, routes: readonly Route[]) {
    this.#node = node
    this.#routes = new RouteTable(routes)
    this.#rates = new Rates(node)
  }

  close(): void {
    this.#rates.stop()
  }

  async answer(request: HttpRequest): Promise<HttpAnswer> {
    try {
      return await this.#answer(request)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      const answer = refusedAnswer(error)
      if (error.status !== 401) return answer
      const realm = 'Basic realm="PolyMQ Management"'
      return { ...answer, headers: { ...answer.headers, 'www-authenticate': realm } }
    }
  }

  async #answer(request: HttpRequest): Promise<HttpAnswer> {
    const found = this.#routes.find(request.path)
    if (found.length === 0) throw notFound()
    const methods = found.map(({ route }) => route.method)
    const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ')
    if (request.method === 'OPTIONS') return { status: 200, headers: { allow }, body: [] }
    const method = request.method === 'HEAD' ? 'GET' : request.method
    const one = found.find(({ route }) => route.method === method)
    if (one === undefined) {
      const refused = json({ error: 'method_not_allowed', reason: `there is ${allow}` }, 405)
      return { ...refused, headers: { ...refused.headers, allow } }
    }
    const caller = callerOf(request, this.#node.accounts, this.#node.httpLogins)
    caller.check(one.route.need)
    this.#rates.wanted()
    return one.route.handle(new Call(this.#node, this.#rates, caller, request, one.parts))
  }
}
