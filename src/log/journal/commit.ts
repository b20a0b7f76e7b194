// One commit of the journal while it is filled, and until it is written: which frames it holds and
// who wants to know. It knows its place in the run of LSNs; its bytes lie in the journal's slabs.
import { blockBytes } from '../../io/disk.ts'
import { commitHeaderBytes, directoryBytes, frameHeaderBytes } from './journal-format.ts'

/** Who appends: a partition. */
export interface FrameSource {
  /** Made by `frameTemplate`; the journal scribbles in it. */
  readonly frame: Uint8Array
  /** The frame that ends before `nextOffset` is as durable as its append asked. */
  committed(nextOffset: number): void
}

const align = (n: number): number => Math.ceil(n / blockBytes) * blockBytes

/** Bytes that a commit takes of one batch, or of `frames` with so many bytes; with padding. */
export const loneCommitBytes = (batchBytes: number, frames = 1): number =>
  align(commitHeaderBytes + frames * frameHeaderBytes + batchBytes + directoryBytes(frames))

export class Commit {
  readonly start: number
  /** End of the frames put so far. */
  end: number
  /** How soon after it is written it has to be durable, for the frame that asks most. */
  syncWithinMs = Number.POSITIVE_INFINITY
  /** Offset of the directory in the commit; set when it is sealed. */
  directoryAt = 0
  readonly sources: FrameSource[] = []
  readonly nextOffsets: number[] = []
  /** Offsets of the frames in the commit. */
  readonly frameAts: number[] = []

  constructor(start: number) {
    this.start = start
    this.end = start + commitHeaderBytes
  }

  /** True when it must be durable before its frames count, false when written is enough. */
  get sync(): boolean {
    return this.syncWithinMs <= 0
  }

  get frames(): number {
    return this.sources.length
  }

  /** LSN behind it once it is sealed: directory and padding included. */
  get sealedEnd(): number {
    return align(this.end + directoryBytes(this.frames))
  }

  /** `sealedEnd` if a batch of so many bytes joined it, or `frames` of them. */
  endWith(batchBytes: number, frames = 1): number {
    const frameBytes = frames * frameHeaderBytes + batchBytes
    return align(this.end + frameBytes + directoryBytes(this.frames + frames))
  }

  add(source: FrameSource, nextOffset: number, syncWithinMs: number): void {
    this.sources.push(source)
    this.nextOffsets.push(nextOffset)
    this.frameAts.push(this.end - this.start)
    this.syncWithinMs = Math.min(this.syncWithinMs, syncWithinMs)
  }

  /** Tells every source, in order, that its frame is down. */
  announce(): void {
    for (let i = 0; i < this.sources.length; i++)
      (this.sources[i] as FrameSource).committed(this.nextOffsets[i] as number)
  }
}
