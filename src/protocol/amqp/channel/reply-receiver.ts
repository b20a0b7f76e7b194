// The consumer of direct replies of one channel: what comes to its address is delivered at once,
// settled, or not taken when too much waits for the client.
import type { MessageView } from '../../../model/message/message.ts'
import { DeliveryWriter } from '../frames/delivery-writer.ts'
import type { ChannelView } from './channel-view.ts'
import type { ReplyConsumer } from './reply-addresses.ts'

export class ReplyReceiver implements ReplyConsumer {
  readonly address: string
  readonly tag: string
  private readonly channel: ChannelView
  private readonly writer: DeliveryWriter

  constructor(channel: ChannelView, tag: string) {
    const { home } = channel
    this.channel = channel
    this.tag = tag
    this.writer = new DeliveryWriter(home.out, channel.id, tag, home.frameMax)
    this.address = home.door.replyAddresses.add(this)
  }

  reply(message: MessageView): boolean {
    const { home, unacked, isOpen } = this.channel
    if (!isOpen || home.isFull) return false
    this.writer.write(unacked.pass(), false, message)
    home.door.counters.delivered++
    home.sendSoon()
    return true
  }

  end(): void {
    this.channel.home.door.replyAddresses.remove(this.address)
  }
}
