// The calls of one connection in the order of their requests. Answers leave in that order,
// whichever is ready first. A Produce may begin while earlier Produces are under way, since appends
// take their places in order at once and only wait to become durable (one that cannot says so and
// holds the line); any other request waits until it is alone.
import type { Encoded } from '../../wire/writer.ts'
import type { Call } from './call.ts'
import { produce } from './schema/produce.ts'

const isProduce = (apiKey: number) => apiKey === produce.key

export class CallLine {
  private readonly openMax: number
  private readonly open: Call<unknown>[] = []

  /** `openMax`: so many Produces may be under way at once. */
  constructor(openMax: number) {
    this.openMax = openMax
  }

  get isEmpty(): boolean {
    return this.open.length === 0
  }

  mayBegin(apiKey: number): boolean {
    if (this.open.length === 0) return true
    if (this.open.length >= this.openMax || !isProduce(apiKey)) return false
    // All that are open are Produces, or the first one would be alone.
    const [first] = this.open
    return first !== undefined && isProduce(first.apiKey) && this.open.at(-1)?.holdsLine === false
  }

  add(call: Call<unknown>): void {
    this.open.push(call)
  }

  /** Takes out the calls whose answers may leave now. */
  takeAnswered(): Call<unknown>[] {
    let ready = 0
    while (ready < this.open.length && this.open[ready]?.answer != null) ready++
    return this.open.splice(0, ready)
  }

  /** Calls that wait for something are answered with what there is. */
  hurry(): void {
    for (const call of [...this.open]) call.hurry()
  }

  /** Takes out all calls. */
  takeAll(): Call<unknown>[] {
    return this.open.splice(0)
  }
}

/** The bytes of several answers, one after the other. */
export function gathered(calls: readonly Call<unknown>[]): Encoded {
  const chunks: Uint8Array[] = []
  let length = 0
  for (const { answer } of calls) {
    if (answer === null) continue
    for (const chunk of answer.chunks) chunks.push(chunk)
    length += answer.length
  }
  return { chunks, length }
}
