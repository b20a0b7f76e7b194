// Who goes when connections wait for the memory of contents that others hold and do not complete:
// those whose contents stand still, the most bytes first, until something large fits; and who has
// borrowed and waits for more. Nobody goes as long as nobody waits, nor for waiting: who waits
// longest borrows next. Looked at by the door every so often, after its connections.
import { type ContentWatch, turnoverMs } from './channel/content-watch.ts'
import type { PartialMemory } from './frames/partial-memory.ts'

/** A connection. */
export interface Holder {
  readonly contents: ContentWatch
  /** Closes it. */
  giveUp(why: string): void
}

/** Who waits for longer is relieved. */
const patienceMs = 2000
/** So much of the memory, at a time. */
const shareAtOnce = 1 / 8

export class Relief {
  private readonly memory: PartialMemory

  constructor(memory: PartialMemory) {
    this.memory = memory
  }

  look(now: number, holders: Iterable<Holder>): void {
    const all = [...holders]
    const waiting = all.filter(({ contents }) => waitedMs(contents, now) >= patienceMs)
    if (waiting.length === 0) return
    const isUrgent = waiting.some(({ contents }) => waitedMs(contents, now) >= turnoverMs)
    const inTheWay = all
      .map((holder) => ({ holder, bytes: bytesInTheWay(holder.contents, isUrgent) }))
      .filter(({ bytes }) => bytes > 0)
      .sort((a, b) => b.bytes - a.bytes)
    let wanted = this.memory.bytesMax * shareAtOnce
    for (const { holder } of inTheWay) {
      if (wanted <= 0) return
      wanted -= holder.contents.held
      giveUp(holder)
    }
    const stuck = waiting.find((holder) => this.memory.isBorrower(holder))
    if (stuck !== undefined && waiting.length > 1) giveUp(stuck)
  }
}

const waitedMs = ({ waitsSince }: ContentWatch, now: number): number =>
  waitsSince === null ? 0 : now - waitsSince

/** `isUrgent`: others have waited for so long that it does not count any more why. */
function bytesInTheWay(contents: ContentWatch, isUrgent: boolean): number {
  if (!isUrgent) return contents.standing
  return contents.isElsewhere ? contents.held : contents.late
}

function giveUp(holder: Holder): void {
  const { held } = holder.contents
  holder.giveUp(`others wait for the memory of contents that come too slowly: ${held} bytes of it`)
}
