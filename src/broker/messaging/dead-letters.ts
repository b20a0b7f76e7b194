// Where dead letters of one vhost go: the exchange that the queue names, under its routing key or
// their own, with a note of the death. What would come back to a queue where it has been, without
// anybody having rejected it, is dropped; so is what finds no exchange. A target that takes nothing
// makes dead letters itself, within the call; beyond a number that no sensible set of queues
// reaches they are dropped.
import type { Clock } from '../../io/clock.ts'
import { type FieldTable, textOf } from '../../model/message/field.ts'
import { MessageView } from '../../model/message/message.ts'
import { changeProperties, property, tableProperty } from '../../model/message/properties.ts'
import type { DeadLetterReason } from '../../queue/queue-host.ts'
import type { RoutingTable } from '../../routing/routing-table.ts'
import { noteDeath, queuesWithoutRejection } from './death.ts'
import type { HostedQueue } from './hosted-queue.ts'
import { keysIn } from './sender-keys.ts'
import { sendersLast, type Target } from './target.ts'

/**
 * Of dead letters that one brings about. Full queues that all name each other have as many paths
 * through them as there are orders of them.
 */
const broughtAboutMax = 10_000

/** With the note of its death, addressed to where it goes. */
interface Letter {
  readonly dead: MessageView
  readonly headers: FieldTable
  readonly moreKeys: readonly string[]
}

const noKeys: readonly string[] = []

export class DeadLetters {
  readonly #routing: RoutingTable<Target>
  readonly #clock: Clock
  #depth = 0
  #broughtAbout = 0

  constructor(routing: RoutingTable<Target>, clock: Clock) {
    this.#routing = routing
    this.#clock = clock
  }

  /**
   * `isSure`: to all that it belongs to, or to none. False: nobody is there, or somebody would not
   * take it.
   */
  send(
    from: HostedQueue,
    message: MessageView,
    reason: DeadLetterReason,
    isSure: boolean,
  ): boolean {
    if (this.#depth === 0) this.#broughtAbout = 0
    else if (++this.#broughtAbout > broughtAboutMax) return false
    const letter = this.#letterOf(from, message, reason)
    if (letter === null) return false
    const targets = this.#targets(letter, reason)
    if (isSure && (targets.length === 0 || targets.some((to) => to.refuses(letter.dead))))
      return false
    this.#depth++
    for (const to of isSure ? sendersLast(targets) : targets) {
      to.publish(letter.dead)
      to.moved()
    }
    this.#depth--
    return true
  }

  #targets({ dead, moreKeys, headers }: Letter, reason: DeadLetterReason): readonly Target[] {
    const { queues } = this.#routing.route(dead.exchange, dead, moreKeys)
    if (reason === 'rejected') return queues
    // What goes into a stream comes into all queues over it.
    const before = new Set<Target | undefined>()
    for (const name of queuesWithoutRejection(headers)) {
      const queue = this.#routing.queue(name)
      before.add(queue?.source ?? queue)
    }
    return queues.filter((to) => !before.has(to.source ?? to))
  }

  /** Null: its exchange is not there. */
  #letterOf(from: HostedQueue, message: MessageView, reason: DeadLetterReason): Letter | null {
    const { inForce: table } = from
    const exchange = textOf(table.get('x-dead-letter-exchange'))
    if (exchange === null || !this.#routing.hasExchange(exchange)) return null
    const ownKey = textOf(table.get('x-dead-letter-routing-key'))
    const carbonCopies = keysIn(message.headers, 'CC') ?? noKeys
    const headers = noteDeath(message.headers, {
      queue: from.name,
      reason,
      exchange: message.exchange,
      routingKeys: [message.routingKey, ...carbonCopies],
      expiration: message.expiration,
      seconds: Math.floor(this.#clock.now() / 1000),
    })
    if (ownKey !== null) headers.delete('CC')
    headers.delete('BCC')
    const properties = changeProperties(
      message.properties,
      [tableProperty(headers)],
      property.expiration,
    )
    const dead = new MessageView().set(
      exchange,
      ownKey ?? message.routingKey,
      properties,
      message.body,
    )
    return { dead, headers, moreKeys: ownKey === null ? carbonCopies : noKeys }
  }
}
