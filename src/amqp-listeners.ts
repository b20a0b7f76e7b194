// The AMQP listeners of a node, plain and with TLS, and who may come in by them: the users of the
// node, by password, or by the certificate that they show. Opened by start-broker.ts.
import type { NodeBroker } from './broker/broker.ts'
import type { Address, Network } from './io/network.ts'
import type { ProcessLimits } from './io/process-stats.ts'
import { realChance } from './io/real/chance.ts'
import { realClock } from './io/real/clock.ts'
import { realNetwork } from './io/real/network.ts'
import type { BrokerSettings } from './model/config/broker-settings.ts'
import { type Result, refuse } from './model/errors.ts'
import type { ReplyAddresses } from './protocol/amqp/channel/reply-addresses.ts'
import { type AmqpDoor, openAmqpDoor } from './protocol/amqp/door.ts'
import { defaultLimits, type Limits, limitsWithin } from './protocol/amqp/frames/limits.ts'
import type { Login, LoginCheck } from './protocol/amqp/login.ts'

export interface AmqpHome {
  readonly broker: NodeBroker
  /** Direct replies go from one listener to the other too. */
  readonly replyAddresses: ReplyAddresses
  readonly granted: ProcessLimits
  readonly report: (line: string) => void
}

const passwords = ['PLAIN', 'AMQPLAIN']

/** Rejects as `Network.listen` does. */
export const openAmqp = (home: AmqpHome, address: Address): Promise<AmqpDoor> =>
  openDoor(home, realNetwork(), address, passwords, false)

/** The same, over the network that `tlsNetwork` has made. */
export function openAmqps(home: AmqpHome, secure: Network, address: Address): Promise<AmqpDoor> {
  const { clientCertificate } = home.broker.image.settings.tls
  const mechanisms = clientCertificate === 'none' ? passwords : [...passwords, 'EXTERNAL']
  return openDoor(home, secure, address, mechanisms, true)
}

async function openDoor(
  { broker, replyAddresses, granted, report }: AmqpHome,
  network: Network,
  address: Address,
  mechanisms: readonly string[],
  isTls: boolean,
): Promise<AmqpDoor> {
  const limits = (): Limits => limitsOf(broker.image.settings, granted)
  const door = await openAmqpDoor({
    messaging: broker.messaging,
    network,
    clock: realClock,
    chance: realChance,
    address,
    login: loginOf(broker),
    mechanisms,
    isTls,
    clusterName: () => broker.clusterName,
    replyAddresses,
    limits: limits(),
    report,
  })
  broker.image.onChange(({ kind }) => {
    if (kind === 'brokerConfig') door.limitConnections(limits())
  })
  return door
}

/** What the settings ask for, as far as the process is granted it. */
const limitsOf = (settings: BrokerSettings, granted: ProcessLimits): Limits =>
  limitsWithin(
    {
      ...defaultLimits,
      channelMax: settings.amqp.channelsMax,
      frameMax: settings.amqp.frameBytesMax,
      heartbeatSeconds: settings.amqp.heartbeatSeconds,
      messageBytesMax: settings.amqp.messageBytesMax,
      connectionsMax: settings.connectionsMax,
      connectionsPerIpMax: settings.connectionsPerAddressMax,
    },
    granted,
  )

// ---- Who may come in ---------------------------------------------------------------------------

function loginOf({ accounts }: NodeBroker): LoginCheck {
  return (mechanism, response, { host }) => {
    const text = Buffer.from(response).toString('utf8')
    if (mechanism === 'EXTERNAL') return byCertificate(accounts, text, host)
    const [as, name, password, ...more] = text.split('\0')
    if (name === undefined || password === undefined || more.length > 0)
      return refuse('authenticationFailed', 'the PLAIN response is malformed')
    if (as !== '' && as !== name)
      return refuse('authenticationFailed', 'nobody acts for another by PLAIN')
    return accounts.login.checkPassword(name, password, host)
  }
}

/** The common name of the certificate, which was verified, is the user. */
function byCertificate(
  accounts: NodeBroker['accounts'],
  name: string,
  host: string,
): Result<Login> {
  const user = accounts.user(name)
  if (user === null)
    return refuse('authenticationFailed', `no user is called '${name}', as the certificate says`)
  if (!accounts.login.admits(name, host))
    return refuse('authenticationFailed', `user '${name}' may log in from this machine only`)
  return { ok: true, value: { user: name, tags: user.tags } }
}
