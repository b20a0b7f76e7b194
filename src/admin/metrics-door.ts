// The listener `metrics`: health for whoever keeps the process running, numbers for Prometheus.
// /healthz answers while the event loop turns and the log takes writes; /readyz once recovery is
// done and every door is open, until the node stops; when the disk is low too, since readers are
// served, but then it says so. Opened by start-broker.ts, first of all doors, so that a long
// recovery can be watched.
import type { Clock } from '../io/clock.ts'
import type { Http, HttpAnswer, HttpLimits, HttpRequest } from '../io/http.ts'
import type { Address, Listener } from '../io/network.ts'
import type { Result } from '../model/errors.ts'
import { metricsPage } from './metrics-page.ts'
import type { Family } from './prometheus.ts'

/** The node's condition, read at each request. Null: all is well; else why not, in one line. */
export interface Health {
  unhealthy(): string | null
  unready(): string | null
  /** What a node that is ready cannot do. */
  limited(): string | null
}

export interface MetricsDoorOptions {
  readonly http: Http
  readonly clock: Clock
  readonly address: Address
  readonly health: Health
  /** Asked at each scrape. */
  readonly families: () => readonly Family[]
  /** Those of single objects, of which there may be many. */
  readonly objects?: () => readonly Family[]
  /** Of them, those that a query names. Refused with `invalidRequest`. */
  readonly detailed?: (query: string) => Promise<Result<readonly Family[]>>
  readonly limits?: Partial<HttpLimits>
}

const text = 'text/plain; charset=utf-8'
const exposition = 'text/plain; version=0.0.4; charset=utf-8'
const index = '/healthz\n/readyz\n/metrics\n/metrics/per-object\n/metrics/detailed\n'

/** Resolves when connections are accepted; rejects as `Network.listen` does. */
export function openMetricsDoor(options: MetricsDoorOptions): Promise<Listener> {
  return options.http.listen(options.address, (request) => answer(options, request), options.limits)
}

type Answered = HttpAnswer | Promise<HttpAnswer>

function answer(options: MetricsDoorOptions, { method, path, query }: HttpRequest): Answered {
  const page = pages[path]
  if (page === undefined || !Object.hasOwn(pages, path))
    return plain(404, `there is nothing at this path; see:\n${index}`)
  if (method !== 'GET' && method !== 'HEAD') {
    const refused = plain(405, 'this listener answers GET and HEAD\n')
    return { ...refused, headers: { ...refused.headers, allow: 'GET, HEAD' } }
  }
  return page(options, query)
}

const pages: Readonly<Record<string, (options: MetricsDoorOptions, query: string) => Answered>> = {
  '/': () => plain(200, index),
  '/healthz': ({ health }) => condition(health.unhealthy()),
  '/readyz': ({ health }) => condition(health.unhealthy() ?? health.unready(), health.limited()),
  '/metrics': ({ clock, families }) => metrics(clock, families()),
  '/metrics/per-object': ({ clock, objects }) => metrics(clock, objects?.() ?? []),
  '/metrics/detailed': async ({ clock, detailed }, query) => {
    const families = await detailed?.(query)
    if (families?.ok === false) return plain(400, `${families.message}\n`)
    return metrics(clock, families?.value ?? [])
  },
}

const metrics = (clock: Clock, families: readonly Family[]): HttpAnswer => ({
  status: 200,
  headers: { 'content-type': exposition },
  body: metricsPage(clock, families),
})

const condition = (problem: string | null, limit: string | null = null): HttpAnswer => {
  if (problem !== null) return plain(503, `${problem}\n`)
  return plain(200, limit === null ? 'ok\n' : `ok, but ${limit}\n`)
}

const plain = (status: number, body: string): HttpAnswer => ({
  status,
  headers: { 'content-type': text, 'cache-control': 'no-store' },
  body: [body],
})
