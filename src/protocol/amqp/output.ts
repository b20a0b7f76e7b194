// What one connection sends: its buffer, what is on its way and not taken by the client, and who
// waits for that. Invariant: consumers that found it full hear of it when it is not any more.
import type { Connection as Link } from '../../io/network.ts'
import type { Resumable } from './channel/channel-home.ts'
import type { ConnectionHome } from './connection-home.ts'
import { OutBuffer } from './frames/out-buffer.ts'

/** Frames are read until so many times as much waits as stops consumers. */
const overfull = 4

export class Output {
  readonly buffer: OutBuffer
  /** Taken by the client. */
  sentBytes = 0
  sentPieces = 0
  private readonly home: ConnectionHome
  private readonly link: Link
  /** Some of it has been taken. */
  private readonly onTaken: () => void
  private starved: Resumable[] = []

  constructor(home: ConnectionHome, link: Link, onTaken: () => void) {
    this.home = home
    this.link = link
    this.onTaken = onTaken
    this.buffer = new OutBuffer(home.slabs)
  }

  /** No more should be delivered. */
  get isFull(): boolean {
    return this.buffer.bytes >= this.bytesMax
  }

  /** Half of that: who publishes to it may wait for a moment. */
  get isCrowded(): boolean {
    return this.buffer.bytes * 2 >= this.bytesMax
  }

  /** No more should be asked for. */
  get isOverfull(): boolean {
    return this.buffer.bytes > this.bytesMax * overfull
  }

  resumeWhenTaken(consumer: Resumable): void {
    if (consumer.waitsForOutput) return
    consumer.waitsForOutput = true
    this.starved.push(consumer)
  }

  /** False: there was nothing. */
  flush(): boolean {
    const { buffer, home } = this
    if (buffer.isEmpty) return false
    const outgoing = buffer.take()
    home.unsentChanged(outgoing.length)
    this.link.write(outgoing.chunks, () => {
      buffer.taken(outgoing)
      home.unsentChanged(-outgoing.length)
      home.counters.sentBytes += outgoing.length
      this.sentBytes += outgoing.length
      this.sentPieces++
      if (!this.isCrowded) home.pacing.taken()
      if (this.isFull) return
      this.resume()
      this.onTaken()
    })
    return true
  }

  /** Nothing will be sent any more. */
  drop(): void {
    this.starved = []
    this.buffer.drop()
  }

  private get bytesMax(): number {
    const { limits, isTight } = this.home
    return isTight ? limits.unsentBytesMaxWhenTight : limits.unsentBytesMax
  }

  private resume(): void {
    if (this.starved.length === 0) return
    const { starved } = this
    this.starved = []
    for (const consumer of starved) {
      consumer.waitsForOutput = false
      this.home.resumeSoon(consumer)
    }
  }
}
