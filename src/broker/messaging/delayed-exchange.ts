// The messages that wait at one exchange of type `x-delayed-message`. Routing finds it in the place
// of queues as long as a message has to wait; when its time has come, the message is routed as the
// bindings are then, with its delay negated, so that nobody delays it again. A vhost makes one for
// each such exchange, and it goes with the exchange, and with all that waits.
import { assert } from '../../base/assert.ts'
import { delayMsMax, delayMsOf, withoutDelay } from '../../model/message/delay.ts'
import { MessageView } from '../../model/message/message.ts'
import { changeProperties, tableProperty } from '../../model/message/properties.ts'
import type { DelayHost, DelayQueue } from '../../queue/delayed/delay-queue.ts'
import type { RoutingTable } from '../../routing/routing-table.ts'
import { keysIn } from './sender-keys.ts'
import type { Target } from './target.ts'

export class DelayedExchange implements DelayHost, Target {
  /** No queue has it: those of clients that begin so are refused. */
  readonly name: string
  readonly definition = null
  readonly source = null
  readonly routesOn = true
  isGone = false
  readonly #exchange: string
  readonly #routing: RoutingTable<Target>
  #queue: DelayQueue | null = null

  constructor(exchange: string, routing: RoutingTable<Target>) {
    this.name = delayedName(exchange)
    this.#exchange = exchange
    this.#routing = routing
  }

  hold(queue: DelayQueue): this {
    this.#queue = queue
    return this
  }

  get queue(): DelayQueue {
    assert(this.#queue !== null, 'a delayed exchange is in use only when it holds a queue')
    return this.#queue
  }

  /** Its exchange is taken away; the queue is dropped later. */
  gone(): DelayQueue {
    this.isGone = true
    void this.queue.stop()
    return this.queue
  }

  publish(message: MessageView): number {
    return this.queue.publish(message)
  }

  refuses(message: MessageView): boolean {
    return this.queue.refuses(message)
  }

  /** It sees to that itself. */
  moved(): void {
    return
  }

  due(message: MessageView): void {
    const { exchange, routingKey, headers, body } = message
    const moreKeys = [...(keysIn(headers, 'CC') ?? []), ...(keysIn(headers, 'BCC') ?? [])]
    const now = withoutDelay(headers, Math.min(delayMsMax, delayMsOf(message)))
    now.delete('BCC')
    const properties = changeProperties(message.properties, [tableProperty(now)])
    const due = new MessageView().set(exchange, routingKey, properties, body)
    for (const to of this.#routing.route(this.#exchange, due, moreKeys).queues) {
      to.publish(due)
      to.moved()
    }
  }
}

/** Of the log in which its messages wait. */
export const delayedName = (exchange: string): string => `amq.delayed.${exchange}`
