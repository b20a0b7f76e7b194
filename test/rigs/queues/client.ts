// One connection of the simulation, as a door would keep it: a session, consumers with their
// prefetch, and what each of them has in flight. It ends as a door ends it: consumers go, what is
// in flight goes back, the session closes.
import type {
  Consumer,
  QueueHandle,
  Session,
  Subscription,
} from '../../../src/broker/messaging/api.ts'
import type { MessageView } from '../../../src/model/message/message.ts'
import type { Copy, QueueModel } from './copies.ts'
import type { StreamConsumer } from './stream-client.ts'
import type { Watch } from './watch.ts'

interface Flight {
  readonly id: number
  readonly copy: Copy
  readonly queue: QueueHandle
}

export class SimConsumer implements Consumer {
  room = 0
  isCancelled = false
  subscription: Subscription | null = null
  readonly model: QueueModel
  readonly flights: Flight[] = []
  readonly isDrain: boolean
  readonly #watch: Watch

  constructor(watch: Watch, model: QueueModel, isDrain = false) {
    this.#watch = watch
    this.model = model
    this.isDrain = isDrain
  }

  deliver(id: number, message: MessageView, redelivered: boolean, failures: number): void {
    this.room--
    const copy = this.#watch.delivered(this.model, message, { id, redelivered, failures })
    if (copy === null) return
    if (this.isDrain) this.#watch.checkOrder(copy)
    const hosted = this.#watch.hosted.get(this.model.name)
    if (id !== 0 && hosted !== undefined) this.flights.push({ id, copy, queue: hosted.queue })
  }

  cancelled(): void {
    this.isCancelled = true
    this.flights.length = 0
  }

  accept(index: number): void {
    const [flight] = this.flights.splice(index, 1)
    if (flight === undefined) return
    this.#watch.settled(flight.copy)
    flight.queue.accept(flight.id)
  }

  reject(index: number, requeue: boolean, failed: boolean): void {
    const [flight] = this.flights.splice(index, 1)
    if (flight === undefined) return
    this.#watch.rejected(flight.copy, requeue, failed)
    flight.queue.reject(flight.id, requeue, failed)
  }

  /** Gives back all that is in flight. */
  giveBack(failed: boolean): void {
    while (this.flights.length > 0) this.reject(0, true, failed)
  }
}

export class Client {
  readonly session: Session
  /** As it was asked for. */
  readonly vhost: string
  consumers: SimConsumer[] = []
  readers: StreamConsumer[] = []

  constructor(session: Session, vhost: string) {
    this.session = session
    this.vhost = vhost
  }

  async cancel(consumer: SimConsumer): Promise<void> {
    this.consumers = this.consumers.filter((c) => c !== consumer)
    await consumer.subscription?.cancel()
  }

  /** As when the connection breaks. */
  async close(failed: boolean, isCertain: () => boolean): Promise<void> {
    const { consumers, readers } = this
    this.consumers = []
    this.readers = []
    const left = readers.map((reader) => reader.end(isCertain))
    const gone = consumers.map((c) => c.subscription?.cancel())
    for (const consumer of consumers) consumer.giveBack(failed)
    await Promise.all([...gone, ...left])
    await this.session.close()
  }
}
