// /api/connections: who is connected, and closing them. Users see their own; those with the tag
// monitoring see all.
import type { Opening } from '../../../broker/messaging/api.ts'
import type { SessionView } from '../../../broker/messaging/listings.ts'
import type { HttpAnswer } from '../../../io/http.ts'
import { plainTable } from '../../../model/message/readable-headers.ts'
import { noContent, notAuthorised, notFound } from '../answer.ts'
import type { Call } from '../call.ts'
import { listed, shownOne } from '../listing.ts'
import { trafficNumbers } from '../numbers.ts'
import { withRates } from '../shown.ts'

export interface ListedSession extends Opening {
  readonly view: SessionView
}

/** Those that the caller may see. */
export function sessionsOf(call: Call): ListedSession[] {
  const { caller, node } = call
  const isAll = caller.may('monitoring')
  const vhost = call.has('vhost') ? call.vhost().name : null
  const listable: ListedSession[] = []
  for (const session of node.messaging.sessions) {
    const { view } = session
    if (view === undefined || !(isAll || session.user === caller.user)) continue
    if (vhost === null || session.vhost === vhost) listable.push({ ...session, view })
  }
  return listable
}

const nameOf = ({ view }: ListedSession): string => view.name

export const listConnections = (call: Call): Promise<HttpAnswer> =>
  listed(call, sessionsOf(call), nameOf, (session) => describe(call, session))

const noTls = {
  ssl: false,
  ssl_protocol: null,
  ssl_key_exchange: null,
  ssl_cipher: null,
  ssl_hash: null,
  peer_cert_subject: null,
  peer_cert_issuer: null,
  peer_cert_validity: null,
}

function describe({ rates, node }: Call, { view, user, vhost }: ListedSession) {
  const shown = view.describe()
  const { recv_oct = 0, recv_cnt = 0, send_oct = 0, send_cnt = 0 } = trafficNumbers(view.traffic)
  return {
    name: view.name,
    user_provided_name: shown.givenName,
    user,
    user_who_performed_action: user,
    vhost,
    node: node.name,
    type: 'network',
    protocol: shown.protocol,
    auth_mechanism: shown.mechanism,
    state: shown.isBlocked ? 'blocked' : 'running',
    host: shown.local.host,
    port: shown.local.port,
    peer_host: shown.peer.host,
    peer_port: shown.peer.port,
    connected_at: shown.connectedAtMs,
    timeout: shown.heartbeatSeconds,
    frame_max: shown.frameMax,
    channel_max: shown.channelMax,
    channels: view.channels().length,
    client_properties: plainTable(shown.clientProperties),
    ...withRates({ recv_oct, send_oct }, rates, view),
    recv_cnt,
    send_cnt,
    send_pend: shown.unsentBytes,
    ...noTls,
    ssl: shown.isTls,
  }
}

export function sessionOf(call: Call): ListedSession {
  const name = call.part('connection')
  const found = sessionsOf(call).find(({ view }) => view.name === name)
  if (found !== undefined) return found
  for (const { view } of call.node.messaging.sessions)
    if (view?.name === name) throw notAuthorised('User not authorised to access object')
  throw notFound()
}

export const showConnection = (call: Call): HttpAnswer =>
  shownOne(call, describe(call, sessionOf(call)))

const reasonOtherwise = 'Closed via management plugin'

export function closeConnection(call: Call): HttpAnswer {
  sessionOf(call).view.close(call.header('x-reason') ?? reasonOtherwise)
  return noContent
}

const ofUser = (call: Call): ListedSession[] =>
  sessionsOf(call).filter(({ user }) => user === call.part('user'))

export const listConnectionsOfUser = (call: Call): Promise<HttpAnswer> =>
  listed(call, ofUser(call), nameOf, ({ view, user, vhost }) => ({
    name: view.name,
    vhost,
    user,
    node: call.node.name,
  }))

export function closeConnectionsOfUser(call: Call): HttpAnswer {
  for (const { view } of ofUser(call)) view.close(call.header('x-reason') ?? reasonOtherwise)
  return noContent
}
