// Cuts what a connection receives into frames and hands them to its owner, as ranges of the buffer
// that they were read into. A frame of a method or header that arrives in pieces gets a buffer of
// its size, which is judged first; the pieces of a body are handed on as they come. The owner may
// be busy, or refuse a frame for now: then what is left is held, and `goOn` takes it up again.
// Invariant: frames are handed on once each, in order, and none after `stop`.
import { frameEnd, frameHead, frameOverhead, frameType, uint32At } from './frame.ts'
import type { Limits } from './limits.ts'
import { Standstill } from './standstill.ts'
import { WholePublish } from './whole-publish.ts'

export interface FrameOwner {
  /** Of a whole frame. */
  readonly frameMax: number
  /** Nothing shall be handed on now. */
  readonly isBusy: boolean
  /** The following return false when the frame cannot be taken now; it comes again then. */
  publish(channel: number, bytes: Buffer, parts: WholePublish): boolean
  /** `id` is class and method, the arguments are in `bytes[from, to)`. */
  method(channel: number, id: number, bytes: Buffer, from: number, to: number): boolean
  header(channel: number, bytes: Buffer, from: number, to: number): boolean
  /** A body frame with `size` octets begins; `isWhole`: all of them come with the next `body`. */
  bodyBegins(channel: number, size: number, isWhole: boolean): boolean
  body(channel: number, bytes: Buffer, from: number, to: number): void
  heartbeat(channel: number): void
  /** What came is no frame; nothing more will be handed on. */
  malformed(problem: string): void
}

/** Clients are known that count the octets of a frame differently. */
const tolerance = frameOverhead

export class FrameReader {
  private readonly owner: FrameOwner
  private readonly parts = new WholePublish()
  private head: Buffer | null = null
  private headFilled = 0
  /** Frames that did not come in one piece. */
  private begun = 0
  private partial: Buffer | null = null
  private partialFilled = 0
  /** Of the body frame that is arriving, with its end octet; 0: none is. */
  private bodyLeft = 0
  private bodyChannel = 0
  private held: Buffer | null = null
  private heldAt = 0
  /** What is being cut has been held before, and is its own buffer. */
  private readsHeld = false
  private isStopped = false
  private readonly still = new Standstill()

  constructor(owner: FrameOwner) {
    this.owner = owner
  }

  /** Bytes wait for the owner. */
  get isHolding(): boolean {
    return this.held !== null || this.isPartialWhole
  }

  get heldBytes(): number {
    return this.held === null ? 0 : this.held.length
  }

  /** Why a frame that is not complete is not waited for any longer, or null. Not of bodies. */
  standstill(now: number, isExcused: boolean, limits: Limits): string | null {
    const isPartial = this.headFilled > 0 || (this.partial !== null && !this.isPartialWhole)
    const number = isPartial && !isExcused ? this.begun : -1
    return this.still.problem(number, this.owner.frameMax, now, limits)
  }

  /** `bytes[from, to)` was received. Not to be called while it is holding. */
  received(bytes: Buffer, from: number, to: number): void {
    this.cut(bytes, from, to)
  }

  /** The owner may take frames again. */
  goOn(): void {
    if (this.isStopped) return
    if (this.partial !== null && this.isPartialWhole && !this.handPartial(this.partial)) return
    const { held } = this
    if (held === null) return
    this.held = null
    this.readsHeld = true
    this.cut(held, this.heldAt, held.length)
    this.readsHeld = false
  }

  stop(): void {
    this.isStopped = true
    this.head = null
    this.partial = null
    this.held = null
  }

  private get isPartialWhole(): boolean {
    return this.partial !== null && this.partialFilled === this.partial.length
  }

  private cut(bytes: Buffer, from: number, end: number): void {
    let at = from
    while (at < end && !this.isStopped) {
      const next = this.owner.isBusy ? -1 : this.step(bytes, at, end)
      if (next < 0) {
        this.hold(bytes, at, end)
        return
      }
      at = next
    }
  }

  /** Where to go on, or -1: nothing more can be taken now. */
  private step(bytes: Buffer, at: number, end: number): number {
    if (this.bodyLeft > 0) return this.bodyPiece(bytes, at, end)
    if (this.partial !== null) return this.fillPartial(this.partial, bytes, at, end)
    if (this.headFilled > 0) return this.fillHead(bytes, at, end)
    const { owner, parts } = this
    if (bytes[at] === frameType.method && parts.find(bytes, at, end, owner.frameMax)) {
      const channel = ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number)
      return owner.publish(channel, bytes, parts) ? parts.end : -1
    }
    return this.frame(bytes, at, end)
  }

  private frame(bytes: Buffer, at: number, end: number): number {
    if (end - at < frameHead) return this.fillHead(bytes, at, end)
    const type = bytes[at] as number
    const channel = ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number)
    const size = uint32At(bytes, at + 3)
    const problem = this.problemOf(type, channel, size)
    if (problem !== null) return this.refuse(problem)
    if (type === frameType.body) return this.bodyFrame(bytes, at + frameHead, end, channel, size)
    const frameTo = at + size + frameOverhead
    if (frameTo > end) {
      this.beginPartial(size, bytes, at, end)
      return end
    }
    if (bytes[frameTo - 1] !== frameEnd) return this.refuse(noEnd(type, channel))
    return this.hand(type, channel, bytes, at + frameHead, frameTo - 1) ? frameTo : -1
  }

  private problemOf(type: number, channel: number, size: number): string | null {
    const isKnown = type === 1 || type === 2 || type === 3 || type === frameType.heartbeat
    if (!isKnown) return `type ${type}, channel ${channel}: there is no such type of frame`
    const { frameMax } = this.owner
    if (size + frameOverhead > frameMax + tolerance)
      return `type ${type}, channel ${channel}: a frame of ${size} octets, frame_max is ${frameMax}`
    return null
  }

  private hand(type: number, channel: number, bytes: Buffer, from: number, to: number): boolean {
    const { owner } = this
    if (type === frameType.heartbeat) {
      owner.heartbeat(channel)
      return true
    }
    if (type === frameType.header) return owner.header(channel, bytes, from, to)
    if (to - from < 4) {
      this.refuse(`channel ${channel}: a method frame of ${to - from} octets`)
      return true
    }
    return owner.method(channel, uint32At(bytes, from), bytes, from + 4, to)
  }

  private bodyFrame(b: Buffer, at: number, end: number, channel: number, size: number): number {
    if (!this.owner.bodyBegins(channel, size, end - at > size)) return -1
    if (this.isStopped) return end
    this.bodyChannel = channel
    this.bodyLeft = size + 1
    // A head that came in pieces ends with what was read.
    return at === end ? end : this.bodyPiece(b, at, end)
  }

  private bodyPiece(bytes: Buffer, at: number, end: number): number {
    const taken = Math.min(this.bodyLeft, end - at)
    const isLast = taken === this.bodyLeft
    this.bodyLeft -= taken
    const to = at + taken - (isLast ? 1 : 0)
    if (isLast && bytes[to] !== frameEnd) return this.refuse(noEnd(3, this.bodyChannel))
    if (to > at) this.owner.body(this.bodyChannel, bytes, at, to)
    return at + taken
  }

  private fillHead(bytes: Buffer, from: number, end: number): number {
    this.head ??= Buffer.alloc(frameHead)
    if (this.headFilled === 0) this.begun++
    const { head, headFilled: before } = this
    let at = from
    while (at < end && this.headFilled < frameHead) head[this.headFilled++] = bytes[at++] as number
    if (this.headFilled < frameHead) return at
    const type = head[0] as number
    const channel = ((head[1] as number) << 8) | (head[2] as number)
    const size = uint32At(head, 3)
    const problem = this.problemOf(type, channel, size)
    if (problem !== null) return this.refuse(problem)
    if (type !== frameType.body) {
      this.headFilled = 0
      this.beginPartial(size, head, 0, frameHead)
      return at
    }
    const next = this.bodyFrame(bytes, at, end, channel, size)
    // Not taken: this part of the head is read again.
    this.headFilled = next < 0 ? before : 0
    return next
  }

  private beginPartial(size: number, bytes: Buffer, at: number, end: number): void {
    const partial = Buffer.allocUnsafe(size + frameOverhead)
    this.begun++
    this.partialFilled = bytes.copy(partial, 0, at, end)
    this.partial = partial
  }

  private fillPartial(partial: Buffer, bytes: Buffer, at: number, end: number): number {
    const taken = Math.min(partial.length - this.partialFilled, end - at)
    bytes.copy(partial, this.partialFilled, at, at + taken)
    this.partialFilled += taken
    if (!this.isPartialWhole || this.handPartial(partial)) return at + taken
    // Not taken: whole, it waits here; what follows is held.
    this.hold(bytes, at + taken, end)
    return end
  }

  /** Whether it was taken. */
  private handPartial(partial: Buffer): boolean {
    const type = partial[0] as number
    const channel = ((partial[1] as number) << 8) | (partial[2] as number)
    const to = partial.length - 1
    if (partial[to] !== frameEnd) {
      this.refuse(noEnd(type, channel))
      return true
    }
    if (this.owner.isBusy || !this.hand(type, channel, partial, frameHead, to)) return false
    this.partial = null
    this.partialFilled = 0
    return true
  }

  private hold(bytes: Buffer, at: number, end: number): void {
    if (this.isStopped || at === end) return
    this.held = this.readsHeld ? bytes : Buffer.from(bytes.subarray(at, end))
    this.heldAt = this.readsHeld ? at : 0
  }

  private refuse(problem: string): number {
    this.stop()
    this.owner.malformed(problem)
    return 0
  }
}

const noEnd = (type: number, channel: number): string =>
  `type ${type}, channel ${channel}: the frame does not end with 0xCE`
