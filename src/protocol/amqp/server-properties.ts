// What the door says of itself in connection.start. Clients look at the capabilities, and some at
// product and version, which therefore are those of the RabbitMQ whose behaviour this is; who it is
// stands behind them.
import type { FieldTable, FieldValue } from '../../model/message/field.ts'

const text = (value: string): FieldValue => ({ type: 'S', value: Buffer.from(value) })
const yes: FieldValue = { type: 't', value: true }

const capabilities = [
  'publisher_confirms',
  'exchange_exchange_bindings',
  'basic.nack',
  'consumer_cancel_notify',
  'connection.blocked',
  'consumer_priorities',
  'authentication_failure_close',
  'per_consumer_qos',
  'direct_reply_to',
]

export const behavesLike = '4.2.0'

export const serverProperties = (clusterName: string): FieldTable =>
  new Map([
    ['capabilities', { type: 'F', value: new Map(capabilities.map((name) => [name, yes])) }],
    ['cluster_name', text(clusterName)],
    ['product', text('RabbitMQ')],
    ['version', text(behavesLike)],
    ['platform', text('PolyMQ on Node.js')],
    ['information', text('This is PolyMQ, which behaves like RabbitMQ of this version')],
  ])

/** What a client says that it can do. */
export function canDo(clientProperties: FieldTable, capability: string): boolean {
  const field = clientProperties.get('capabilities')
  if (field?.type !== 'F') return false
  const flag = field.value.get(capability)
  return flag?.type === 't' && flag.value
}

/** The name that a client gives its connection; null: none. */
export function connectionName(clientProperties: FieldTable): string | null {
  const field = clientProperties.get('connection_name')
  return field?.type === 'S' ? Buffer.from(field.value).toString() : null
}
