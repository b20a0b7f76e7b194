// The Kafka listener of a node, and who may come in by it: anybody, the users of a file, or the
// users of the node. Opened by start-broker.ts.
import { basename, dirname, resolve } from 'node:path'
import { BadSettingError } from './bad-setting.ts'
import { authorizedBroker } from './broker/access/authorized-broker.ts'
import type { NodeBroker } from './broker/broker.ts'
import type { SessionView } from './broker/messaging/listings.ts'
import type { DiskError } from './io/disk.ts'
import { type Address, showAddress } from './io/network.ts'
import type { ProcessLimits } from './io/process-stats.ts'
import { realChance } from './io/real/chance.ts'
import { realClock } from './io/real/clock.ts'
import { realDisk } from './io/real/disk.ts'
import { realNetwork } from './io/real/network.ts'
import { type BrokerSettings, resolveBrokerSettings } from './model/config/broker-settings.ts'
import { brokerValues } from './model/config/config-source.ts'
import { type Result, refuse } from './model/errors.ts'
import { noFields } from './model/message/field.ts'
import { adminHandlers } from './protocol/kafka/admin/admin-handlers.ts'
import type { Client } from './protocol/kafka/client.ts'
import { dataHandlers } from './protocol/kafka/data/data-handlers.ts'
import { type KafkaDoor, type KafkaDoorOptions, openKafkaDoor } from './protocol/kafka/door.ts'
import { groupHandlers } from './protocol/kafka/group/group-handlers.ts'
import { defaultLimits, type Limits, limitsWithin } from './protocol/kafka/limits.ts'
import { Credentials } from './security/credentials.ts'
import type { SaslOffer } from './security/sasl-mechanisms.ts'
import { readUsers } from './security/users-file.ts'

export interface KafkaHome {
  readonly broker: NodeBroker
  readonly granted: ProcessLimits
  readonly report: (line: string) => void
}

/** How clients of the Kafka listener authenticate. */
export interface KafkaSasl {
  readonly mechanisms: readonly string[]
  /** Null: by the accounts of the node, which are open later. */
  readonly file: SaslOffer | null
}

/** What clients must authenticate with, or null. Who asks for authentication never gets none. */
export async function readSasl(settings: ReadonlyMap<string, string>): Promise<KafkaSasl | null> {
  const resolved = resolveBrokerSettings(brokerValues(settings))
  const { usersFile, kafkaUsesAccounts, saslMechanisms } = resolved
  if (usersFile === '' && !kafkaUsesAccounts) {
    if (!settings.has('sasl.enabled.mechanisms')) return null
    throw new BadSettingError(
      'sasl.enabled.mechanisms needs users: set polymq.users.file or polymq.kafka.users=accounts',
    )
  }
  if (usersFile !== '' && kafkaUsesAccounts)
    throw new BadSettingError('polymq.kafka.users=accounts and polymq.users.file: set one of them')
  if (saslMechanisms.length === 0) {
    const key = kafkaUsesAccounts ? 'polymq.kafka.users=accounts' : 'polymq.users.file'
    throw new BadSettingError(`${key} needs a mechanism: set sasl.enabled.mechanisms`)
  }
  const mechanisms = saslMechanisms
  return { mechanisms, file: kafkaUsesAccounts ? null : await fileOffer(usersFile, mechanisms) }
}

async function fileOffer(usersFile: string, mechanisms: readonly string[]): Promise<SaslOffer> {
  const disk = realDisk(dirname(resolve(usersFile)))
  const users = await readUsers(disk, basename(usersFile)).catch((cause: DiskError) => {
    const problem =
      cause.code === 'ENOENT'
        ? `there is no file ${usersFile}; write one with a line NAME=PASSWORD for each user`
        : `cannot ${cause.message}`
    throw new BadSettingError(`polymq.users.file: ${problem}`, { cause })
  })
  if (!users.ok) throw new BadSettingError(`polymq.users.file: ${usersFile}: ${users.message}`)
  return {
    mechanisms,
    credentials: await Credentials.of(users.value, realChance),
    failureWords: 'polymq.users.file has no line with this name and password',
  }
}

/** `advertised`: what clients are told to connect to, where that is not `address`. */
export async function openKafka(
  { broker, granted, report }: KafkaHome,
  address: Address,
  advertised: Address | undefined,
  sasl: KafkaSasl | null,
): Promise<KafkaDoor> {
  const limits = (): Limits => limitsOf(broker.image.settings, granted)
  const door = await openKafkaDoor({
    broker,
    network: realNetwork(),
    clock: realClock,
    chance: realChance,
    address,
    ...(advertised && { advertised }),
    ...(sasl && kafkaUsers(broker, sasl)),
    handlers: [...dataHandlers, ...groupHandlers, ...adminHandlers],
    limits: limits(),
    report,
  })
  broker.image.onChange(({ kind }) => {
    if (kind === 'brokerConfig') door.limitConnections(limits())
  })
  return door
}

/** Users of the node are held to their permissions in the vhost that Kafka clients see. */
function kafkaUsers(
  broker: NodeBroker,
  { mechanisms, file }: KafkaSasl,
): Pick<KafkaDoorOptions, 'sasl' | 'brokerOf' | 'admit'> {
  if (file !== null) return { sasl: file }
  const { accounts } = broker
  return {
    sasl: accounts.login.offer(mechanisms),
    brokerOf: (user) => authorizedBroker(broker, accounts, user, broker.image.settings.kafkaVhost),
    admit: (client) => admit(broker, client),
  }
}

/** Counted, listed and parted with as the clients of every door. */
function admit({ accounts, messaging, image }: NodeBroker, client: Client): Result<() => void> {
  const { user } = client
  if (accounts.user(user) === null)
    return refuse('authenticationFailed', `user '${user}' is deleted`)
  const view = viewOf(client)
  return messaging.enter({ vhost: image.settings.kafkaVhost, user, name: view.name, view })
}

/** Of what connections of AMQP agree upon, Kafka's have nothing. */
const viewOf = (client: Client): SessionView => ({
  name: `${showAddress(client.remote)} -> ${showAddress(client.local)}`,
  traffic: client.traffic,
  describe: () => ({
    givenName: null,
    peer: client.remote,
    local: client.local,
    protocol: 'Kafka',
    mechanism: client.mechanism,
    isBlocked: false,
    connectedAtMs: client.connectedAtMs,
    heartbeatSeconds: 0,
    frameMax: 0,
    channelMax: 0,
    unsentBytes: client.unsentBytes,
    isTls: false,
    clientProperties: noFields,
  }),
  channels: () => [],
  close: (reason) => client.close(reason),
})

/** What the settings ask for, as far as the process is granted it. */
const limitsOf = (settings: BrokerSettings, granted: ProcessLimits): Limits =>
  limitsWithin(
    {
      ...defaultLimits,
      requestBytesMax: settings.requestBytesMax,
      idleMsMax: settings.connectionIdleMsMax,
      connectionsMax: settings.connectionsMax,
      connectionsPerIpMax: settings.connectionsPerAddressMax,
      fetchBytesMax: settings.fetchBytesMax,
      fetchSessionsMax: settings.fetchSessionsMax,
    },
    granted.openFiles,
    granted.memoryBytes,
  )
