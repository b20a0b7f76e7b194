// What the management API knows of the node that it stands in. The composition root puts it
// together.
import type { NodeMessaging } from '../../broker/messaging/node-messaging.ts'
import type { Policies } from '../../broker/policies/policies.ts'
import type { Clock } from '../../io/clock.ts'
import type { Address } from '../../io/network.ts'
import type { ProcessStats } from '../../io/process-stats.ts'
import type { Accounts } from '../../security/access/accounts.ts'

export interface OpenListener {
  /** As RabbitMQ calls it: amqp, amqp/ssl, http, http/prometheus; and kafka. */
  readonly protocol: string
  readonly address: Address
}

/** Of one AMQP door: plain numbers that only grow. */
export interface DoorTraffic {
  readonly accepted: number
  readonly toConfirm: number
  readonly confirmed: number
  readonly returned: number
  readonly dropped: number
  readonly replies: number
  readonly loginsDone: number
  readonly loginsFailed: number
  readonly channelsOpened: number
  readonly channelsClosed: number
}

/** How often clients have told who they are, of one protocol: plain numbers that only grow. */
export interface LoginCounts {
  done: number
  failed: number
}

export interface ManagedNode {
  readonly name: string
  readonly clusterId: string
  /** What people have named it; else its id. */
  readonly clusterName: string
  /** The release of this node, and that of RabbitMQ whose behaviour it has. */
  readonly version: string
  readonly behavesLike: string
  readonly messaging: NodeMessaging
  readonly accounts: Accounts
  readonly policies: Policies
  readonly clock: Clock
  readonly listeners: () => readonly OpenListener[]
  readonly doors: () => readonly DoorTraffic[]
  readonly httpLogins: LoginCounts
  /** Descriptors in use; null: the system does not say. */
  readonly openFiles: () => number | null
  /** Connections of clients, at all doors but this one. */
  readonly sockets: () => number
  readonly dataDir: string | null
  readonly processId: number
  readonly openFilesMax: number
  readonly memoryBytesMax: number
  readonly stats: () => ProcessStats
  /** Free, and what has to stay free. */
  readonly disk: () => { readonly freeBytes: number; readonly bytesMin: number; isLow: boolean }
  /** Why the node cannot work, or null. */
  readonly unhealthy: () => string | null
}
