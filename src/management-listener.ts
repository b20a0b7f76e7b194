// The management API of a node, and what it is told of the node. Opened by start-broker.ts, behind
// the other doors.

import { openManagementDoor } from './admin/management/door.ts'
import type { LoginCounts, ManagedNode, OpenListener } from './admin/management/managed-node.ts'
import { detailedMetrics, perObjectMetrics } from './admin/management/object-metrics.ts'
import { rabbitmqMetrics } from './admin/management/rabbitmq-metrics.ts'
import { allRoutes } from './admin/management/resources/all-routes.ts'
import type { NodeBroker } from './broker/broker.ts'
import type { Address, Listener } from './io/network.ts'
import { openDescriptors, type ProcessLimits, processStats } from './io/process-stats.ts'
import { realClock } from './io/real/clock.ts'
import { realHttp } from './io/real/http.ts'
import type { ListenerName, Listeners } from './listeners.ts'
import type { AmqpDoor } from './protocol/amqp/door.ts'
import { behavesLike } from './protocol/amqp/server-properties.ts'
import { version } from './version.ts'

export interface ManagementHome {
  readonly broker: NodeBroker
  readonly granted: ProcessLimits
  readonly dataDir: string | null
  /** Why the node cannot work, or null. */
  readonly unhealthy: () => string | null
  readonly amqpDoors: readonly AmqpDoor[]
  /** All doors whose clients stay connected. */
  readonly doors: readonly { readonly connections: number }[]
  readonly httpLogins: LoginCounts
  /** What is listened on, by then. */
  readonly addresses: Listeners
}

/** What RabbitMQ calls each listener. */
const protocols: Readonly<Record<ListenerName, string>> = {
  amqp: 'amqp',
  amqps: 'amqp/ssl',
  http: 'http',
  metrics: 'http/prometheus',
  kafka: 'kafka',
}

/** The numbers of queues under RabbitMQ's names, for the metrics door. */
export function queueFamilies(home: ManagementHome) {
  const node = managedNode(home, () => [])
  return {
    families: rabbitmqMetrics(node),
    objects: perObjectMetrics(node),
    detailed: (query: string) => detailedMetrics(node, query),
  }
}

/** Rejects as `Network.listen` does. */
export async function openManagement(home: ManagementHome, address: Address): Promise<Listener> {
  const listeners: OpenListener[] = Object.entries(home.addresses).map(([name, at]) => ({
    protocol: protocols[name as ListenerName],
    address: at,
  }))
  const node = managedNode(home, () => listeners)
  const door = await openManagementDoor({ http: realHttp, address, node, routes: allRoutes })
  listeners.push({ protocol: protocols.http, address: door.address })
  return door
}

function managedNode(home: ManagementHome, listeners: () => readonly OpenListener[]): ManagedNode {
  const { broker, granted } = home
  const { messaging, accounts, policies, store, image } = broker
  return {
    name: `polymq@node-${broker.nodeId}`,
    clusterId: broker.clusterId,
    get clusterName() {
      return broker.clusterName
    },
    version,
    behavesLike,
    messaging,
    accounts,
    policies,
    clock: realClock,
    listeners,
    doors: () => home.amqpDoors.map(({ counters }) => counters),
    httpLogins: home.httpLogins,
    openFiles: openDescriptors,
    sockets: () => home.doors.reduce((sum, { connections }) => sum + connections, 0),
    dataDir: home.dataDir,
    processId: process.pid,
    openFilesMax: granted.openFiles,
    memoryBytesMax: granted.memoryBytes,
    stats: processStats,
    disk: () => ({
      freeBytes: store.space.freeBytes,
      bytesMin: image.settings.diskFreeBytesMin,
      isLow: store.space.isLow,
    }),
    unhealthy: home.unhealthy,
  }
}
