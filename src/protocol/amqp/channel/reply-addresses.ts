// Direct reply-to: a consumer of the pseudo-queue amq.rabbitmq.reply-to has an address that nobody
// can guess, which stands in the reply-to of what its channel publishes; what is published to that
// address through the default exchange goes straight to the consumer, and is never stored. One for
// each door; shared by its channels.
import type { Chance } from '../../../io/chance.ts'
import type { MessageView } from '../../../model/message/message.ts'

export const replyQueue = 'amq.rabbitmq.reply-to'
const prefix = `${replyQueue}.`
/** Two parts in base64, as long as RabbitMQ's: whose it is, which says nothing here, and a key. */
const partsBytes = [12, 16]

export interface ReplyConsumer {
  /** False: it cannot take it. */
  reply(message: MessageView): boolean
}

export const isReplyAddress = (name: string): boolean => name.startsWith(prefix)

export class ReplyAddresses {
  private readonly chance: Chance
  private readonly consumers = new Map<string, ReplyConsumer>()

  constructor(chance: Chance) {
    this.chance = chance
  }

  add(consumer: ReplyConsumer): string {
    const parts = partsBytes.map((n) => Buffer.from(this.chance.bytes(n)).toString('base64'))
    const address = prefix + parts.join('.')
    this.consumers.set(address, consumer)
    return address
  }

  remove(address: string): void {
    this.consumers.delete(address)
  }

  find(address: string): ReplyConsumer | null {
    return this.consumers.get(address) ?? null
  }
}
