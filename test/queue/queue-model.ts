// A queue as simple as can be, to hold the real one against: messages in a sorted list. What a
// crash leaves of it is not one state but bounds: what was flushed must be there, what was settled
// before a flush must not.

export interface ModelMessage {
  readonly text: string
  readonly isPersistent: boolean
  /** Order of publishing. */
  readonly place: number
  deliveries: number
  failures: number
}

export class QueueModel {
  /** In order of place. */
  ready: ModelMessage[] = []
  /** Rejected, and not where it goes yet. */
  readonly leaving = new Set<string>()
  readonly inFlight = new Map<number, ModelMessage>()
  /** Settled, and whether that was flushed. */
  readonly settled = new Set<string>()
  readonly durablySettled = new Set<string>()
  /** Published as persistent, and whether that was flushed. */
  readonly durable = new Set<string>()
  #places = 0

  publish(text: string, isPersistent: boolean): void {
    const place = this.#places++
    this.ready.push({ text, isPersistent, place, deliveries: 0, failures: 0 })
  }

  /** The real queue says that it has delivered this under that id. */
  delivered(id: number, text: string, redelivered: boolean, failures: number): string | null {
    const next = this.ready.shift()
    if (next === undefined) return `${text} came, and nothing is ready`
    if (next.text !== text) return `${text} came, and ${next.text} is next`
    if (redelivered !== next.deliveries > 0) return `${text}: redelivered is ${redelivered}`
    if (failures !== next.failures) return `${text}: ${failures} failures, not ${next.failures}`
    next.deliveries++
    if (id === 0) this.settled.add(text)
    else if (this.inFlight.has(id)) return `the id ${id} is in flight twice`
    else this.inFlight.set(id, next)
    return null
  }

  /** Returns what it was. */
  accept(id: number): string {
    const { text } = this.#land(id)
    this.settled.add(text)
    return text
  }

  /** It will be dead-lettered. */
  leave(id: number): void {
    const { text } = this.#land(id)
    this.leaving.add(text)
  }

  requeue(id: number, failed: boolean): void {
    const message = this.#land(id)
    if (failed) message.failures++
    const at = this.ready.findIndex((m) => m.place > message.place)
    this.ready.splice(at < 0 ? this.ready.length : at, 0, message)
  }

  purge(): void {
    for (const { text } of this.ready) this.settled.add(text)
    this.ready = []
  }

  #land(id: number): ModelMessage {
    const message = this.inFlight.get(id)
    if (message === undefined) throw new Error(`no ${id} in flight`)
    this.inFlight.delete(id)
    return message
  }

  /** What is there after a start: all delivered once to whoever looked, and about to come back. */
  restarted(found: readonly { id: number; text: string; failures: number }[]): QueueModel {
    const model = new QueueModel()
    for (const { text, failures } of found) {
      const name = text.split(' ')[0] as string
      model.publish(name, !name.startsWith('t'))
      Object.assign(model.ready[model.ready.length - 1] as ModelMessage, {
        failures,
        deliveries: 1,
      })
    }
    for (const name of this.durablySettled) model.durablySettled.add(name)
    return model
  }

  /** All that a flush promises if it ends later. */
  promise(): () => void {
    // Who was rejected leaves, also when that takes longer.
    const left = [...this.leaving].filter((name) => !name.startsWith('t'))
    const settled = [...this.settled, ...left]
    const published = [...this.ready, ...this.inFlight.values()].filter((m) => m.isPersistent)
    return () => {
      for (const text of settled) this.durablySettled.add(text)
      for (const { text } of published) this.durable.add(text)
    }
  }
}
