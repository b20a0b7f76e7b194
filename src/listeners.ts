// The listeners of a node by name, and where they listen unless told otherwise: the ports on which
// clients of each protocol look. start-broker.ts opens them, the command line reads them.
import type { Address } from './io/network.ts'

export const listenerNames = ['kafka', 'amqp', 'amqps', 'http', 'metrics'] as const
export type ListenerName = (typeof listenerNames)[number]

export type Listeners = { readonly [name in ListenerName]?: Address }

const here = (port: number): Address => ({ host: '127.0.0.1', port })

/** Those that open when none is named. */
export const defaultListeners: Listeners = {
  kafka: here(9092),
  amqp: here(5672),
  http: here(15672),
  metrics: here(15692),
}

/** Opens by default too, once there is a certificate to show. */
export const defaultAmqps: Address = here(5671)
