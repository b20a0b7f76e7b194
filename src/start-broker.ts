// Puts one broker together: a node over a disk, and the doors that clients come in by. `main.ts`
// calls it for the command line; as the package's export it starts the same broker inside a test or
// a service.
import { basename, dirname, resolve } from 'node:path'
import { openMetricsDoor } from './admin/metrics-door.ts'
import { NodeWatch } from './admin/node-watch.ts'
import { NodeBroker } from './broker/broker.ts'
import { checkDataFormat } from './broker/data-format.ts'
import type { DiskError } from './io/disk.ts'
import { memoryDisk } from './io/memory-disk.ts'
import { type Address, showAddress } from './io/network.ts'
import { type ProcessLimits, processLimits } from './io/process-stats.ts'
import { realChance } from './io/real-chance.ts'
import { realClock } from './io/real-clock.ts'
import { realDisk } from './io/real-disk.ts'
import { realHttp } from './io/real-http.ts'
import { realNetwork } from './io/real-network.ts'
import { logOptionsOf, logOptionsWithin } from './log/log-options.ts'
import { prepareCompression } from './model/compression.ts'
import { type BrokerSettings, resolveBrokerSettings } from './model/config/broker-settings.ts'
import { brokerValues } from './model/config/config-source.ts'
import { checkTogether, parseStaticConfig } from './model/config/static-config.ts'
import { adminHandlers } from './protocol/kafka/admin/admin-handlers.ts'
import { dataHandlers } from './protocol/kafka/data/data-handlers.ts'
import { type KafkaDoor, openKafkaDoor } from './protocol/kafka/door.ts'
import { groupHandlers } from './protocol/kafka/group/group-handlers.ts'
import { defaultLimits, type Limits, limitsWithin } from './protocol/kafka/limits.ts'
import { Credentials } from './security/credentials.ts'
import type { SaslOffer } from './security/sasl-mechanisms.ts'
import { readUsers } from './security/users-file.ts'
import { version } from './version.ts'

export interface Listeners {
  readonly kafka?: Address
  /** Health and metrics over HTTP. */
  readonly metrics?: Address
}

export interface BrokerOptions {
  /** Folder of the data; null keeps everything in memory. */
  readonly dataDir: string | null
  /**
   * Listeners to open, by name; port 0 takes a free one. Without it: kafka on 127.0.0.1:9092 and
   * metrics on 127.0.0.1:15692.
   */
  readonly listen?: Listeners
  /** What clients are told to connect to, where that is not the address that is listened on. */
  readonly advertise?: { readonly kafka?: Address }
  /** Settings of the broker by Kafka's names, such as `num.partitions`. */
  readonly config?: Readonly<Record<string, string>>
  /** Takes a line for the log. */
  readonly report?: (line: string) => void
  /** The node cannot go on, because a write or a sync failed; nothing is acknowledged any more. */
  readonly failed?: (cause: unknown) => void
}

export interface RunningBroker {
  /** What is listened on, with the ports that were found. */
  readonly addresses: Listeners
  /** The Kafka listener as 'host:port'; '' when it is not open. */
  readonly kafka: string
  /** How clients of the Kafka listener must authenticate; empty: they need not. */
  readonly saslMechanisms: readonly string[]
  /** Answers what is under way, makes it durable, and closes everything. */
  close(): Promise<void>
}

const defaultListeners: Listeners = {
  kafka: { host: '127.0.0.1', port: 9092 },
  metrics: { host: '127.0.0.1', port: 15692 },
}

/** A setting that is unknown or has a bad value; the message names it and says what it may be. */
export class BadSettingError extends Error {
  override readonly name = 'BadSettingError'
}

/** What has been opened, to be closed in the opposite order. */
type Closers = (() => Promise<void>)[]

/** Resolves when every door is open. Rejects, with everything closed again, when one cannot be. */
export async function startBroker(options: BrokerOptions): Promise<RunningBroker> {
  checkOptions({ ...options })
  checkListeners(options)
  const settings = parseStaticConfig(
    Object.entries(options.config ?? {}).map(([k, v]) => `${k}=${v}`),
  )
  if (!settings.ok) throw new BadSettingError(settings.message)
  const together = checkTogether(resolveBrokerSettings(brokerValues(settings.value)))
  if (!together.ok) throw new BadSettingError(together.message)
  const sasl = await readSasl(settings.value)
  showPlaces(options, settings.value, sasl)
  const watch = new NodeWatch(version)
  const closers: Closers = []
  const close = async (): Promise<void> => {
    watch.stopping()
    for (let each = closers.pop(); each !== undefined; each = closers.pop()) await each()
  }
  try {
    const addresses = await openAll(options, settings.value, sasl, watch, closers)
    const kafka = addresses.kafka === undefined ? '' : showAddress(addresses.kafka)
    return { addresses, kafka, saslMechanisms: sasl?.mechanisms ?? [], close }
  } catch (cause) {
    await close()
    throw cause
  }
}

const aFunction = { is: 'a function', fits: (value: unknown) => typeof value === 'function' }
const anObject = { is: 'an object', fits: (value: unknown) => Object(value) === value }

const shapes: { readonly [name in keyof BrokerOptions]-?: typeof anObject } = {
  dataDir: {
    is: 'a folder, or null for memory only',
    fits: (value) => value === null || (typeof value === 'string' && value !== ''),
  },
  listen: anObject,
  advertise: anObject,
  config: anObject,
  report: aFunction,
  failed: aFunction,
}

/** For callers without types: what is missing or misspelt would otherwise do nothing. */
function checkOptions(options: Readonly<Record<string, unknown>>): void {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(shapes, name))
  if (unknown !== undefined)
    throw new BadSettingError(unknownText('option', unknown, Object.keys(shapes)))
  for (const [name, { is, fits }] of Object.entries(shapes))
    if (!fits(options[name]) && (options[name] !== undefined || name === 'dataDir'))
      throw new BadSettingError(`the option '${name}' is ${is}`)
}

function checkListeners({ listen = defaultListeners, advertise = {} }: BrokerOptions): void {
  const listeners = Object.keys(defaultListeners)
  if (Object.keys(listen).length === 0)
    throw new BadSettingError(`the option 'listen' names none of ${listeners.join(', ')}`)
  for (const [name, address] of [...Object.entries(listen), ...Object.entries(advertise)]) {
    if (!listeners.includes(name))
      throw new BadSettingError(unknownText('listener', name, listeners))
    const { host, port } = Object(address) as Partial<Address>
    if (typeof host !== 'string' || !(Number.isInteger(port) && Number(port) >>> 16 === 0))
      throw new BadSettingError(`the address of ${name} is not { host: string, port: 0 to 65535 }`)
  }
  for (const [name, { host, port }] of Object.entries(advertise))
    if (host === '' || port === 0)
      throw new BadSettingError(`clients cannot connect to the advertised address of ${name}`)
}

const unknownText = (what: string, name: string, known: readonly string[]): string =>
  `there is no ${what} '${name}'; there are ${known.join(', ')}`

/** What DescribeConfigs tells of where this broker listens and keeps its data. */
function showPlaces(
  options: BrokerOptions,
  settings: Map<string, string>,
  sasl: SaslOffer | null,
): void {
  const { dataDir, listen = defaultListeners, advertise } = options
  const protocol = sasl === null ? 'PLAINTEXT' : 'SASL_PLAINTEXT'
  const places: readonly [key: string, option: string, value: string | undefined | null][] = [
    ['listeners', 'listen', listen.kafka && `${protocol}://${showAddress(listen.kafka)}`],
    [
      'advertised.listeners',
      'advertise',
      advertise?.kafka && `${protocol}://${showAddress(advertise.kafka)}`,
    ],
    ['log.dirs', 'dataDir', dataDir],
  ]
  for (const [key, option, value] of places) {
    if (settings.has(key)) throw new BadSettingError(`${key} is set by the option '${option}'`)
    if (value) settings.set(key, value)
  }
}

/** What clients must authenticate with, or null. Who asks for authentication never gets none. */
async function readSasl(settings: ReadonlyMap<string, string>): Promise<SaslOffer | null> {
  const { usersFile, saslMechanisms } = resolveBrokerSettings(brokerValues(settings))
  if (usersFile === '') {
    if (!settings.has('sasl.enabled.mechanisms')) return null
    throw new BadSettingError('sasl.enabled.mechanisms needs users: set polymq.users.file')
  }
  if (saslMechanisms.length === 0)
    throw new BadSettingError('polymq.users.file needs a mechanism: set sasl.enabled.mechanisms')
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
    mechanisms: saslMechanisms,
    credentials: await Credentials.of(users.value, realChance),
  }
}

async function openAll(
  options: BrokerOptions,
  settings: ReadonlyMap<string, string>,
  sasl: SaslOffer | null,
  watch: NodeWatch,
  closers: Closers,
): Promise<Listeners> {
  const report = options.report ?? silent
  const disk = options.dataDir === null ? memoryDisk() : realDisk(options.dataDir)
  await Promise.all([disk.makeDir(''), prepareCompression()])
  const lock = await disk.lock('')
  closers.push(() => lock.release())
  const settleFormat = await checkDataFormat(disk)
  const listen = options.listen ?? defaultListeners
  const metrics = await openMetrics(listen.metrics, watch, closers)
  const granted = processLimits()
  const broker = await NodeBroker.open({
    disk,
    settleFormat,
    clock: realClock,
    chance: realChance,
    logOptions: logOptionsWithin(
      logOptionsOf(resolveBrokerSettings(brokerValues(settings))),
      granted.openFiles,
      granted.memoryBytes,
    ),
    settings,
    heapBytes: granted.heapBytes,
    report,
    failed: (cause) => {
      watch.failed(cause)
      ;(options.failed ?? crash)(cause)
    },
  })
  closers.push(() => broker.close())
  const door = listen.kafka && (await openKafka(broker, listen.kafka, sasl, options, granted))
  if (door) closers.push(() => door.close())
  const { journal, reader, flusher, space } = broker.store
  const { counters, commitMs } = journal
  watch.ready(
    broker,
    {
      logs: broker.logs.counters,
      journal: counters,
      commitMs,
      reader: reader.counters,
      flusher: flusher.counters,
      space,
    },
    door ?? null,
  )
  return { ...(door && { kafka: door.address }), ...(metrics && { metrics }) }
}

/** The first door to open and the last to close: it tells how the node fares meanwhile. */
async function openMetrics(
  address: Address | undefined,
  watch: NodeWatch,
  closers: Closers,
): Promise<Address | null> {
  if (address === undefined) return null
  const door = await openMetricsDoor({
    http: realHttp,
    clock: realClock,
    address,
    health: watch,
    families: () => watch.families(),
  })
  closers.push(() => door.close())
  return door.address
}

async function openKafka(
  broker: NodeBroker,
  address: Address,
  sasl: SaslOffer | null,
  options: BrokerOptions,
  granted: ProcessLimits,
): Promise<KafkaDoor> {
  const limits = (): Limits => limitsOf(broker.image.settings, granted)
  const door = await openKafkaDoor({
    broker,
    network: realNetwork(),
    clock: realClock,
    chance: realChance,
    address,
    ...(options.advertise?.kafka === undefined ? {} : { advertised: options.advertise.kafka }),
    ...(sasl && { sasl }),
    handlers: [...dataHandlers, ...groupHandlers, ...adminHandlers],
    limits: limits(),
    report: options.report ?? silent,
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

const silent = (): undefined => undefined

function crash(cause: unknown): never {
  throw cause
}
