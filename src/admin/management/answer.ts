// Answers of the management API: JSON in pieces, the statuses that RabbitMQ gives, and its errors,
// {"error", "reason"}. A handler that cannot go on throws `Refused`, which the door alone catches.
import { jsonText } from '../../base/json.ts'
import type { HttpAnswer } from '../../io/http.ts'
import type { ErrorName, Refusal, Result } from '../../model/errors.ts'

export class Refused extends Error {
  override readonly name = 'Refused'
  readonly status: number
  readonly error: string
  constructor(status: number, error: string, reason: string) {
    super(reason)
    this.status = status
    this.error = error
  }
}

const headers = {
  'content-type': 'application/json',
  'cache-control': 'no-cache',
  vary: 'accept, accept-encoding, origin',
}

export const json = (value: unknown, status = 200): HttpAnswer => ({
  status,
  headers,
  body: [jsonText(value)],
})

export const pieces = (body: AsyncIterable<string>): HttpAnswer => ({ status: 200, headers, body })

const bare = { 'content-length': '0' }
export const noContent: HttpAnswer = { status: 204, headers: {}, body: [] }
export const created: HttpAnswer = { status: 201, headers: bare, body: [] }

/** Made, or there before. */
export const put = (isNew: boolean): HttpAnswer => (isNew ? created : noContent)

export const createdAt = (location: string): HttpAnswer => ({
  ...created,
  headers: { ...bare, location },
})

export const refusedAnswer = ({ status, error, message }: Refused): HttpAnswer =>
  json({ error, reason: message }, status)

export const badRequest = (reason: string): Refused => new Refused(400, 'bad_request', reason)
export const notFound = (): Refused => new Refused(404, 'Object Not Found', 'Not Found')
/** What is to be made or changed would stand in a vhost that is not there. */
export const vhostNotFound = (): Refused => new Refused(404, 'not_found', 'vhost_not_found')
export const notAuthorised = (reason: string): Refused => new Refused(401, 'not_authorised', reason)

const statuses: { readonly [name in ErrorName]?: readonly [number, string] } = {
  vhostNotFound: [404, 'not_found'],
  exchangeNotFound: [404, 'not_found'],
  queueNotFound: [404, 'not_found'],
  accessRefused: [401, 'not_authorised'],
  resourceExhausted: [503, 'service_unavailable'],
  requestTimedOut: [503, 'service_unavailable'],
}

/** What the core has refused, in RabbitMQ's status. */
export function refusedBy({ error, message }: Refusal): Refused {
  const [status, name] = statuses[error] ?? [400, 'bad_request']
  return new Refused(status, name, message)
}

export function must<T>(result: Result<T>): T {
  if (result.ok) return result.value
  throw refusedBy(result)
}
