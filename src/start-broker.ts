// Puts one broker together: a node over a disk, and the doors that clients come in by. `main.ts`
// calls it for the command line; as the package's export it starts the same broker inside a test or
// a service.
import { NodeBroker } from './broker/broker.ts'
import { memoryDisk } from './io/memory-disk.ts'
import type { Address } from './io/network.ts'
import { realChance } from './io/real-chance.ts'
import { realClock } from './io/real-clock.ts'
import { realDisk } from './io/real-disk.ts'
import { realNetwork } from './io/real-network.ts'
import { defaultLogOptions } from './log/log-options.ts'
import { prepareCompression } from './model/compression.ts'
import { resolveBrokerSettings } from './model/config/broker-settings.ts'
import { parseStaticConfig } from './model/config/static-config.ts'
import { adminHandlers } from './protocol/kafka/admin/admin-handlers.ts'
import { dataHandlers } from './protocol/kafka/data/data-handlers.ts'
import { type KafkaDoor, openKafkaDoor } from './protocol/kafka/door.ts'
import { groupHandlers } from './protocol/kafka/group/group-handlers.ts'

export interface BrokerOptions {
  /** Folder of the data; null keeps everything in memory. */
  readonly dataDir: string | null
  /** Listeners to open, by name; port 0 takes a free one. Without it: kafka on 127.0.0.1:9092. */
  readonly listen?: { readonly kafka?: Address }
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
  readonly addresses: { readonly kafka?: Address }
  /** The Kafka listener as 'host:port'; '' when it is not open. */
  readonly kafka: string
  /** Answers what is under way, makes it durable, and closes everything. */
  close(): Promise<void>
}

const theOnlyNode = 1

/** A setting that is unknown or has a bad value; the message names it and says what it may be. */
export class BadSettingError extends Error {
  override readonly name = 'BadSettingError'
}

/** Resolves when every door is open. Rejects, with everything closed again, when one cannot be. */
export async function startBroker(options: BrokerOptions): Promise<RunningBroker> {
  const settings = parseStaticConfig(
    Object.entries(options.config ?? {}).map(([k, v]) => `${k}=${v}`),
  )
  if (!settings.ok) throw new BadSettingError(settings.message)
  const report = options.report ?? ((): undefined => undefined)
  const disk = options.dataDir === null ? memoryDisk() : realDisk(options.dataDir)
  await Promise.all([disk.makeDir(''), prepareCompression()])
  const lock = await disk.lock('')
  try {
    const broker = await NodeBroker.open({
      disk,
      clock: realClock,
      chance: realChance,
      logOptions: defaultLogOptions,
      nodeId: theOnlyNode,
      settings: settings.value,
      report,
      failed: options.failed ?? crash,
    })
    const doors = await openDoors(broker, options, report)
    const close = async (): Promise<void> => {
      await doors?.close()
      await broker.close()
      await lock.release()
    }
    const kafka = doors?.address
    return {
      addresses: kafka === undefined ? {} : { kafka },
      kafka: kafka === undefined ? '' : `${kafka.host}:${kafka.port}`,
      close,
    }
  } catch (cause) {
    await lock.release()
    throw cause
  }
}

async function openDoors(
  broker: NodeBroker,
  options: BrokerOptions,
  report: (line: string) => void,
): Promise<KafkaDoor | null> {
  const address = (options.listen ?? { kafka: { host: '127.0.0.1', port: 9092 } }).kafka
  if (address === undefined) return null
  const limits = resolveBrokerSettings(broker.image.brokerValues)
  return openKafkaDoor({
    broker,
    network: realNetwork(),
    clock: realClock,
    chance: realChance,
    address,
    ...(options.advertise?.kafka === undefined ? {} : { advertised: options.advertise.kafka }),
    handlers: [...dataHandlers, ...groupHandlers, ...adminHandlers],
    limits: {
      requestBytesMax: limits.requestBytesMax,
      idleMsMax: limits.connectionIdleMsMax,
      connectionsMax: limits.connectionsMax,
      connectionsPerIpMax: limits.connectionsPerAddressMax,
      fetchBytesMax: limits.fetchBytesMax,
      fetchSessionsMax: limits.fetchSessionsMax,
    },
    report,
  })
}

function crash(cause: unknown): never {
  throw cause
}
