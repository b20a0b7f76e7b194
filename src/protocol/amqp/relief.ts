// Who goes when connections wait for the memory of contents that others hold and do not complete:
// those whose contents stand still, the most bytes first, until something large fits; then, if
// that is not what is in the way, one that nothing can be said of, since it is not read. Nobody
// goes as long as nobody waits. Looked at by the door every so often, after its connections.
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
/** If so much of it is with connections that are not read, they are in each other's way. */
const shareOfJam = 3 / 4

export class Relief {
  private readonly memory: PartialMemory
  private since = 0
  private given = 0
  private isFlowing = true

  constructor(memory: PartialMemory) {
    this.memory = memory
  }

  look(now: number, holders: Iterable<Holder>): void {
    this.measure(now)
    const waited = longestWait(now, holders)
    if (waited < patienceMs) return
    const isUrgent = waited >= turnoverMs
    const bytesOf = ({ contents: { late, standing } }: Holder) => (isUrgent ? late : standing)
    const all = [...holders].filter(({ contents }) => contents.held > 0)
    const wanted = this.memory.bytesMax * shareAtOnce
    let freed = 0
    for (const each of all.filter(bytesOf).sort((a, b) => bytesOf(b) - bytesOf(a))) {
      if (freed >= wanted) return
      freed += close(each)
    }
    if (freed < wanted && (isUrgent || isJam(all)) && !this.isFlowing) breakJam(all)
  }

  /** Whether what is held turns over. */
  private measure(now: number): void {
    const tookMs = now - this.since
    if (tookMs < patienceMs) return
    const { given, bytesMax } = this.memory
    this.isFlowing = given - this.given >= (bytesMax * tookMs) / turnoverMs
    this.given = given
    this.since = now
  }
}

function longestWait(now: number, holders: Iterable<Holder>): number {
  let longest = 0
  for (const { contents } of holders)
    if (contents.waitsSince !== null) longest = Math.max(longest, now - contents.waitsSince)
  return longest
}

function isJam(all: readonly Holder[]): boolean {
  const sum = (some: readonly Holder[]) =>
    some.reduce((bytes, each) => bytes + each.contents.held, 0)
  return sum(all.filter(({ contents }) => contents.isUnread)) >= sum(all) * shareOfJam
}

function breakJam(all: readonly Holder[]): void {
  const unread = all.filter(({ contents }) => contents.isUnread && contents.held > 0)
  const [most] = unread.sort((a, b) => b.contents.held - a.contents.held)
  if (most !== undefined) close(most)
}

/** How much that frees. */
function close(holder: Holder): number {
  const { held } = holder.contents
  holder.giveUp(`others wait for the memory of contents that come too slowly: ${held} bytes of it`)
  return held
}
