// One channel of a connection, with the short ways that cases are written in. A method that is
// `call`ed is answered by the next item of the channel, whatever that is.
import type { Connection, Content } from './connection.ts'
import type { Arguments, Item } from './methods.ts'

export class Channel {
  readonly connection: Connection
  readonly id: number

  constructor(connection: Connection, id: number) {
    this.connection = connection
    this.id = id
  }

  send(name: string, args: Arguments = {}): void {
    this.connection.method(this.id, name, args)
  }

  call(name: string, args: Arguments = {}): Promise<Item> {
    return this.connection.call(this.id, name, args)
  }

  next(): Promise<Item> {
    return this.connection.next(this.id)
  }

  /** The next `count` items; fewer when the channel or the connection ends. */
  async take(count: number): Promise<Item[]> {
    const items: Item[] = []
    while (items.length < count) {
      const item = await this.next()
      items.push(item)
      if (endings.has(item.is)) break
    }
    return items
  }

  publish(exchange: string, routingKey: string, content: Content = {}, args: Arguments = {}): void {
    this.connection.publish(this.id, { exchange, routingKey, ...args }, content)
  }

  /**
   * Publishes on a channel in confirm mode and waits until this message is confirmed or refused;
   * all that came, the confirm among it.
   */
  async confirmed(exchange: string, routingKey: string, content: Content = {}): Promise<Item[]> {
    this.publish(exchange, routingKey, content, { mandatory: false })
    return this.until((item) => item.is === 'basic.ack' || item.is === 'basic.nack')
  }

  /** Items up to the first that fits, with it. */
  async until(fits: (item: Item) => boolean): Promise<Item[]> {
    const items: Item[] = []
    for (;;) {
      const item = await this.next()
      items.push(item)
      if (fits(item) || endings.has(item.is)) return items
    }
  }

  /** What had come when this channel answered a question that it answers itself. */
  async fence(): Promise<Item[]> {
    this.send('channel.flow', { active: true })
    const items = await this.until((item) => item.is === 'channel.flow-ok')
    return items.filter((item) => item.is !== 'channel.flow-ok')
  }

  /**
   * What had come when this channel has answered, after the queue has: deliveries that an
   * acknowledgement or a publish caused are there. The queue is asked twice, since RabbitMQ lets
   * the first question overtake what waits.
   */
  async settled(queue: string): Promise<Item[]> {
    const items: Item[] = []
    for (let time = 0; time < 2; time += 1) {
      this.send('queue.declare', { queue, passive: true })
      items.push(...(await this.until((item) => item.is === 'queue.declare-ok')))
    }
    items.push(...(await this.fence()))
    return items.filter((item) => item.is !== 'queue.declare-ok')
  }

  /** Declares a queue and returns its name. Throws if it is refused. */
  async queue(queue: string, args: Arguments = {}): Promise<string> {
    const answer = await this.call('queue.declare', { queue, ...args })
    if (answer.is !== 'queue.declare-ok') throw new Error(`queue.declare: ${answer.is}`)
    return answer['queue'] as string
  }

  /** Does what shall succeed: throws unless the answer is `NAME-ok`. */
  async must(name: string, args: Arguments = {}): Promise<Item> {
    const answer = await this.call(name, args)
    if (answer.is !== `${name}-ok`)
      throw new Error(`${name}: ${answer.is} ${String(answer['replyText'] ?? '')}`)
    return answer
  }
}

const endings = new Set(['channel.close', 'connection.close', 'end', 'silence'])
