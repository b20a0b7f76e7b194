// What deliveries of quorum queues tell of those before them, as RabbitMQ 4.3 does: the headers
// `x-delivery-count`, how often processing failed, and `x-acquired-count`, how often the message
// went out. A first delivery has neither, and costs nothing. A session puts it before a consumer.
import type { FieldValue } from '../../model/message/field.ts'
import { MessageView } from '../../model/message/message.ts'
import { changeProperties, tableProperty } from '../../model/message/properties.ts'
import type { CancelReason, Consumer } from './api.ts'

const long = (value: number): FieldValue => ({ type: 'l', value: BigInt(value) })

/** The message with what is told of `failures` and `deliveries` before; views of it are kept. */
export function counted(message: MessageView, failures: number, deliveries: number): MessageView {
  const headers = new Map(message.headers)
  headers.set('x-delivery-count', long(failures))
  headers.set('x-acquired-count', long(deliveries))
  const { exchange, routingKey, body } = message
  const properties = changeProperties(message.properties, [tableProperty(headers)])
  return new MessageView().set(exchange, routingKey, properties, body)
}

export class CountingConsumer implements Consumer {
  readonly #to: Consumer

  constructor(to: Consumer) {
    this.#to = to
  }

  get room(): number {
    return this.#to.room
  }

  deliver(
    id: number,
    message: MessageView,
    redelivered: boolean,
    failures: number,
    deliveries: number,
  ): void {
    const told = redelivered ? counted(message, failures, deliveries) : message
    this.#to.deliver(id, told, redelivered, failures, deliveries)
  }

  cancelled(reason: CancelReason): void {
    this.#to.cancelled(reason)
  }
}
