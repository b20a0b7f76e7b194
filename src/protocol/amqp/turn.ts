// What a door does once at the end of each turn of the event loop, for all its connections
// together: queues hear of consumers with room, the core places what was published and settled,
// publishers are answered as far as that is durable, and every connection sends in one write.
//
//   resume consumers → end the confirms of the turn → messaging.flush → send
//                                  what it makes durable → confirms → send
import type { Messaging } from '../../broker/messaging/api.ts'
import type { Clock } from '../../io/clock.ts'
import type { Confirming, Resumable } from './channel/channel-home.ts'
import type { Served } from './connection-home.ts'

/** What one flush makes durable. */
interface Batch {
  readonly publishings: readonly Confirming[]
  /** The numbers up to which each of these may confirm. */
  readonly numbers: readonly number[]
  readonly actions: readonly (() => void)[]
}

export class Turn {
  readonly messaging: Messaging
  private readonly clock: Clock
  private isDue = false
  private isEnding = false
  private isFlushDue = false
  private toResume: Resumable[] = []
  private toConfirm: Confirming[] = []
  private actions: (() => void)[] = []
  private toSend: Served[] = []
  private readonly end = () => this.endTurn()

  constructor(messaging: Messaging, clock: Clock) {
    this.messaging = messaging
    this.clock = clock
  }

  resumeSoon(consumer: Resumable): void {
    if (consumer.isResumeDue) return
    consumer.isResumeDue = true
    consumer.wake()
    this.toResume.push(consumer)
    this.endSoon()
  }

  confirmSoon(publishing: Confirming): void {
    this.toConfirm.push(publishing)
    this.endSoon()
  }

  flushSoon(): void {
    this.isFlushDue = true
    if (!this.isDue) this.endSoon()
  }

  sendSoon(connection: Served): void {
    this.toSend.push(connection)
    if (!this.isEnding) this.endSoon()
  }

  whenDurable(action: () => void): void {
    this.actions.push(action)
    this.flushSoon()
  }

  private endSoon(): void {
    if (this.isDue) return
    this.isDue = true
    this.clock.soon(this.end)
  }

  private endTurn(): void {
    this.isDue = false
    this.isEnding = true
    this.resumeConsumers()
    const batch = this.endConfirms()
    if (this.isFlushDue) {
      this.isFlushDue = false
      this.messaging.flush(batch === null ? nothing : () => this.becameDurable(batch))
    }
    this.isEnding = false
    this.send()
  }

  private resumeConsumers(): void {
    if (this.toResume.length === 0) return
    const due = this.toResume
    this.toResume = []
    for (const consumer of due) {
      consumer.isResumeDue = false
      consumer.resume()
    }
  }

  private endConfirms(): Batch | null {
    if (this.toConfirm.length === 0 && this.actions.length === 0) return null
    const due = this.toConfirm
    const { actions } = this
    this.toConfirm = []
    this.actions = []
    const publishings: Confirming[] = []
    const numbers: number[] = []
    for (const publishing of due) {
      publishing.isDue = false
      const number = publishing.confirms?.endTurn() ?? 0
      if (number === 0) continue
      publishings.push(publishing)
      numbers.push(number)
    }
    return publishings.length + actions.length === 0 ? null : { publishings, numbers, actions }
  }

  private becameDurable({ publishings, numbers, actions }: Batch): void {
    for (let i = 0; i < publishings.length; i++)
      publishings[i]?.confirms?.becameDurable(numbers[i] as number)
    for (const action of actions) action()
    // What this turn has still to say goes out with its end.
    if (!this.isEnding) this.send()
  }

  private send(): void {
    const due = this.toSend
    if (due.length === 0) return
    this.toSend = []
    for (const connection of due) connection.flush()
  }
}

const nothing = (): void => undefined
