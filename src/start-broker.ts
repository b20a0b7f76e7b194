// Puts one broker together: a node over a disk, and the doors that clients come in by. `main.ts`
// calls it for the command line; as the package's export it starts the same broker inside a test or
// a service.
import { openMetricsDoor } from './admin/metrics-door.ts'
import { NodeWatch } from './admin/node-watch.ts'
import { openAmqp, openAmqps } from './amqp-listeners.ts'
import { BadSettingError } from './bad-setting.ts'
import { NodeBroker, type NodeParts } from './broker/broker.ts'
import { checkDataFormat } from './broker/data-format.ts'
import { rehearseDefinitions, takeDefinitions } from './definitions-file.ts'
import { memoryDisk } from './io/memory-disk.ts'
import { type Address, showAddress } from './io/network.ts'
import { processLimits } from './io/process-stats.ts'
import { realChance } from './io/real/chance.ts'
import { realClock } from './io/real/clock.ts'
import { realDisk } from './io/real/disk.ts'
import { realHttp } from './io/real/http.ts'
import { type KafkaSasl, openKafka, readSasl } from './kafka-listener.ts'
import { defaultListeners, type ListenerName, type Listeners, listenerNames } from './listeners.ts'
import { logOptionsOf, logOptionsWithin } from './log/log-options.ts'
import { openManagement, queueFamilies } from './management-listener.ts'
import { prepareCompression } from './model/compression.ts'
import { resolveBrokerSettings } from './model/config/broker-settings.ts'
import { brokerValues } from './model/config/config-source.ts'
import { checkTogether, parseStaticConfig } from './model/config/static-config.ts'
import { checkAddresses, readFiles } from './preflight.ts'
import { ReplyAddresses } from './protocol/amqp/channel/reply-addresses.ts'
import { version } from './version.ts'

export { BadSettingError } from './bad-setting.ts'
export { CorruptFileError } from './io/corrupt-file.ts'
export { DiskError } from './io/disk.ts'
export { ListenError } from './io/network.ts'
export type { Listeners } from './listeners.ts'

export interface BrokerOptions {
  /** Folder of the data; null keeps everything in memory. */
  readonly dataDir: string | null
  /**
   * Listeners to open, by name; port 0 takes a free one. Without it, on 127.0.0.1: kafka on 9092,
   * amqp on 5672, http on 15672, metrics on 15692, and once there is a certificate, amqps on 5671.
   */
  readonly listen?: Listeners
  /** What clients are told to connect to, where that is not the address that is listened on. */
  readonly advertise?: { readonly kafka?: Address }
  /** Settings of the broker by Kafka's names, such as `num.partitions`. */
  readonly config?: Readonly<Record<string, string>>
  /** Takes a line for the log. What it throws ends the process, as a bug does. */
  readonly report?: (line: string) => void
  /**
   * Called once when the node cannot go on, because a write or a sync failed. Nothing is
   * acknowledged any more and connections stay as they are until `close`. Without it the process
   * ends.
   */
  readonly failed?: (cause: unknown) => void
}

export interface RunningBroker {
  /** What is listened on, with the ports that were found. */
  readonly addresses: Listeners
  /** The Kafka listener as 'host:port'; '' when it is not open. */
  readonly kafka: string
  /** How clients of the Kafka listener must authenticate; empty: they need not. */
  readonly saslMechanisms: readonly string[]
  /** Answers what is under way, makes it durable, closes everything; every call waits for that. */
  close(): Promise<void>
}

/** What has been opened, to be closed in the opposite order. */
type Closers = (() => Promise<void>)[]

/**
 * Resolves when every door is open. Rejects, with everything closed again, when one cannot be: with
 * BadSettingError (an option, a setting or a file that it names), ListenError (`code` EADDRINUSE:
 * the port is in use), DiskError (`code` EBUSY: another process has the folder; EACCES, ENOTDIR and
 * so on), or an error that names what in the folder is damaged, or of another release or node.
 */
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
  let closed: Promise<void> | null = null
  const close = (): Promise<void> => {
    closed ??= closeAll(watch, closers)
    return closed
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

/** One after the other, the lock of the folder last; who fails does not keep the others open. */
async function closeAll(watch: NodeWatch, closers: Closers): Promise<void> {
  watch.stopping()
  const failures: unknown[] = []
  for (let each = closers.pop(); each !== undefined; each = closers.pop())
    await each().catch((cause: unknown) => failures.push(cause))
  if (failures.length > 0) throw failures[0]
}

const aFunction = { is: 'a function', fits: (value: unknown) => typeof value === 'function' }
const anObject = { is: 'an object', fits: (value: unknown) => Object(value) === value }
const plainTexts = {
  is: 'an object of texts',
  fits: (value: unknown) =>
    Object.prototype.toString.call(value) === '[object Object]' &&
    Object.values(value as object).every((each) => typeof each === 'string'),
}

const shapes: { readonly [name in keyof BrokerOptions]-?: typeof anObject } = {
  dataDir: {
    is: 'a folder, or null for memory only',
    fits: (value) => value === null || (typeof value === 'string' && value !== ''),
  },
  listen: anObject,
  advertise: anObject,
  config: plainTexts,
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
  if (Object.keys(listen).length === 0)
    throw new BadSettingError(`the option 'listen' names none of ${listenerNames.join(', ')}`)
  for (const [name, address] of [...Object.entries(listen), ...Object.entries(advertise)]) {
    if (!listenerNames.includes(name as ListenerName))
      throw new BadSettingError(unknownText('listener', name, listenerNames))
    const { host, port } = Object(address) as Partial<Address>
    if (typeof host !== 'string' || !(Number.isInteger(port) && Number(port) >>> 16 === 0))
      throw new BadSettingError(`the address of ${name} is not { host: string, port: 0 to 65535 }`)
  }
  const other = Object.keys(advertise).find((name) => name !== 'kafka')
  if (other !== undefined)
    throw new BadSettingError(`only kafka tells its clients an address, and not ${other}`)
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
  sasl: KafkaSasl | null,
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

async function openAll(
  options: BrokerOptions,
  settings: ReadonlyMap<string, string>,
  sasl: KafkaSasl | null,
  watch: NodeWatch,
  closers: Closers,
): Promise<Listeners> {
  const report = options.report ?? silent
  const resolved = resolveBrokerSettings(brokerValues(settings))
  const { listen, secure, definitions } = await readFiles(resolved, options.listen)
  await checkAddresses(listen)
  const disk = options.dataDir === null ? memoryDisk() : realDisk(options.dataDir)
  await Promise.all([disk.makeDir(''), prepareCompression()])
  const lock = await disk.lock('')
  closers.push(() => lock.release())
  const format = await checkDataFormat(disk)
  const metrics = await openMetrics(listen.metrics, watch, closers)
  const granted = processLimits()
  const parts: NodeParts = {
    disk,
    clock: realClock,
    chance: realChance,
    logOptions: logOptionsWithin(logOptionsOf(resolved), granted.openFiles, granted.memoryBytes),
    settings,
    heapBytes: Math.min(granted.heapBytes, granted.memoryBytes),
    report,
    failed: once((cause) => {
      watch.failed(cause)
      ;(options.failed ?? crash)(cause)
    }),
  }
  if (definitions !== null) await rehearseDefinitions(parts, definitions)
  const broker = await NodeBroker.open({ ...parts, format })
  closers.push(() => broker.close())
  if (definitions !== null) await takeDefinitions(broker, definitions)
  await broker.accounts.makeDefaultUser()
  const replyAddresses = new ReplyAddresses(realChance)
  const home = { broker, replyAddresses, granted, report }
  const { kafka: kafkaAt, amqp: amqpAt, amqps: amqpsAt } = listen
  const door = kafkaAt && (await openKafka(home, kafkaAt, options.advertise?.kafka, sasl))
  if (door) closers.push(() => door.close())
  const amqp = amqpAt && (await openAmqp(home, amqpAt))
  if (amqp) closers.push(() => amqp.close())
  const amqps = amqpsAt && secure && (await openAmqps(home, secure, amqpsAt))
  if (amqps) closers.push(() => amqps.close())
  const addresses = {
    ...(door && { kafka: door.address }),
    ...(amqp && { amqp: amqp.address }),
    ...(amqps && { amqps: amqps.address }),
    ...(metrics && { metrics }),
  }
  const managed = {
    broker,
    granted,
    dataDir: options.dataDir,
    unhealthy: () => watch.unhealthy(),
    amqpDoors: [amqp, amqps].filter((each) => each !== undefined),
    doors: [door, amqp, amqps].filter((each) => each !== undefined),
    httpLogins: { done: 0, failed: 0 },
    addresses,
  }
  const http = listen.http && (await openManagement(managed, listen.http))
  if (http) closers.push(() => http.close())
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
    queueFamilies(managed),
  )
  return { ...addresses, ...(http && { http: http.address }) }
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
    objects: () => watch.objects(),
    detailed: (query) => watch.detailed(query),
  })
  closers.push(() => door.close())
  return door.address
}

/** What fails behind the first failure says nothing new. */
function once(action: (cause: unknown) => void): (cause: unknown) => void {
  let isDone = false
  return (cause) => {
    if (isDone) return
    isDone = true
    action(cause)
  }
}

const silent = (): undefined => undefined

function crash(cause: unknown): never {
  throw cause
}
