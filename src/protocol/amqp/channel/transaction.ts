// What a channel in tx mode holds back until it is committed: messages as copies, with the places
// that they were routed to when they came, and settlements as tags, which count as unknown
// meanwhile. Publishing and settling are done by their owner.
import type { Routed } from '../../../broker/messaging/api.ts'
import type { MessageView } from '../../../model/message/message.ts'
import type { PartialMemory } from '../frames/partial-memory.ts'

export interface HeldMessage {
  readonly exchange: string
  readonly routingKey: string
  readonly mandatory: boolean
  /** Null: an answer, whose address is looked for at the commit. */
  readonly routed: Routed | null
  readonly properties: Uint8Array
  readonly body: Uint8Array
}

/** How a delivery is settled. */
export interface Settlement {
  readonly isAccepted: boolean
  readonly requeue: boolean
  readonly failed: boolean
}

export interface Held {
  readonly messages: readonly HeldMessage[]
  readonly settlements: ReadonlyMap<number, Settlement>
}

/** Of one place that a message is to go to. */
const placeBytes = 8

export class Transaction {
  private messages: HeldMessage[] = []
  private settlements = new Map<number, Settlement>()
  private bytes = 0
  private readonly memory: PartialMemory
  private readonly bytesMax: number
  private readonly stepsMax: number

  constructor(memory: PartialMemory, bytesMax: number, stepsMax: number) {
    this.memory = memory
    this.bytesMax = bytesMax
    this.stepsMax = stepsMax
  }

  /** Whether `tag` is settled in this transaction. */
  holds(tag: number): boolean {
    return this.settlements.has(tag)
  }

  /** False: the transaction is too large. */
  publish(message: MessageView, mandatory: boolean, routed: Routed | null): boolean {
    const { exchange, routingKey } = message
    const places = (routed?.targets ?? 0) * placeBytes
    const bytes = message.body.length + message.properties.length + places
    if (this.bytes + bytes > this.bytesMax || !this.memory.take(bytes)) return false
    this.bytes += bytes
    const properties = Uint8Array.from(message.properties)
    const body = Uint8Array.from(message.body)
    this.messages.push({ exchange, routingKey, mandatory, routed, properties, body })
    return this.fits()
  }

  /** False: the transaction is too large. */
  settle(tag: number, settlement: Settlement): boolean {
    this.settlements.set(tag, settlement)
    return this.fits()
  }

  /** How much it holds. */
  get held(): { readonly messages: number; readonly settlements: number } {
    return { messages: this.messages.length, settlements: this.settlements.size }
  }

  /** Everything held; nothing is any more. */
  take(): Held {
    const { messages, settlements } = this
    this.messages = []
    this.settlements = new Map()
    this.memory.give(this.bytes)
    this.bytes = 0
    return { messages, settlements }
  }

  private fits(): boolean {
    return this.messages.length + this.settlements.size <= this.stepsMax
  }
}
