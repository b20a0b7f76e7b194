// /api/health/checks and the like: whether something is as it should be, for probes; 200 or 503.
import type { HttpAnswer } from '../../../io/http.ts'
import { badRequest, json, notFound } from '../answer.ts'
import type { Call } from '../call.ts'

const ok = (more: object = {}): HttpAnswer => json({ status: 'ok', ...more })
const failed = (reason: string, more: object = {}): HttpAnswer =>
  json({ status: 'failed', reason, ...more }, 503)

export function alarms({ node }: Call): HttpAnswer {
  const { alarm } = node.messaging
  if (alarm === null) return ok()
  return failed('There are alarms in effect in the cluster', {
    alarms: [{ node: node.name, resource: alarm }],
  })
}

export function portListener(call: Call): HttpAnswer {
  const text = call.part('port')
  if (!/^\d{1,5}$/.test(text)) throw badRequest('Invalid port')
  const port = Number(text)
  const ports = call.node.listeners().map(({ address }) => address.port)
  if (ports.includes(port)) return ok({ port })
  return failed('No active listener', { missing: port, ports })
}

/** Names that mean the same listener. */
const aliases: Readonly<Record<string, string>> = {
  amqp091: 'amqp',
  'amqp0.9.1': 'amqp',
  amqps: 'amqp/ssl',
}

export function protocolListener(call: Call): HttpAnswer {
  const asked = call.part('protocol')
  const protocol = Object.hasOwn(aliases, asked) ? aliases[asked] : asked
  const protocols = call.node.listeners().map((each) => each.protocol)
  if (protocols.some((each) => each === protocol)) return ok({ protocol: asked })
  return failed('No active listener', { missing: asked, protocols })
}

export function node({ node: { unhealthy } }: Call): HttpAnswer {
  const problem = unhealthy()
  return problem === null ? ok() : failed(problem)
}

/** The same of a node by its name. */
export function named(call: Call): HttpAnswer {
  if (call.part('name') !== call.node.name) throw notFound()
  return node(call)
}

export const alone = (): HttpAnswer => ok({ reason: 'single node cluster' })

const unitDays: Readonly<Record<string, number>> = { days: 1, weeks: 7, months: 30, years: 365 }

/** Certificates are not looked into: nothing is known to expire. */
export function certificates(call: Call): HttpAnswer {
  if (!Object.hasOwn(unitDays, call.part('unit'))) throw badRequest('Invalid expiration unit.')
  if (!/^\d{1,6}$/.test(call.part('within'))) throw badRequest('Invalid expiration period.')
  const isTls = call.node.listeners().some(({ protocol }) => protocol.endsWith('/ssl'))
  return isTls ? failed('certificates are not checked by this release') : ok()
}
