// Finds single messages of a queue by lane and offset, in batches that are not placed yet or in the
// log, and has read what is not in memory. Where a lane cannot be read, it stands still until
// somebody deletes what is there, or its stock passes over it. The stock owns it.
import type { MessageView } from '../model/message/message.ts'
import type { Lane } from './lane.ts'
import type { Loaded } from './lane-reader.ts'
import { type LosingStock, passDamaged, tellPassed } from './losses.ts'
import { Look } from './stock-parts.ts'

/** The stock that asks. */
interface Asker extends LosingStock {
  /** What became of a read; `empty` only of lanes of a topic. */
  loaded(lane: Lane, offset: number, loaded: Loaded): void
}

export class StockFinder {
  readonly #asker: Asker
  readonly #node: { report(line: string): void }
  /** Where a lane cannot be read. */
  readonly #damaged = new Map<Lane, number>()

  constructor(asker: Asker, node: { report(line: string): void }) {
    this.#asker = asker
    this.#node = node
  }

  /** `there`: at `offset` or behind it, where the lane's reader says, and `view` is set to it. */
  find(lane: Lane, offset: number, view: MessageView): number {
    const { reader } = lane
    const batch = lane.unplacedAt(offset)
    if (batch !== null) reader.findOpen(batch, offset)
    else {
      // Who asks for two places in turn would else find neither, for ever.
      if (reader.isLoading && !reader.holds(offset)) return Look.later
      if (lane.log.deleted || this.#isStuck(lane, offset)) return Look.nothing
      if (lane.log.damage.covers(offset)) {
        const lost = this.#passLost(lane, offset)
        if (lost !== null) return lost
      }
      const found = reader.find(lane.log, offset)
      if (found === 'load') {
        reader.load(lane.log, offset, (loaded) => this.#tell(lane, offset, loaded))
        return Look.later
      }
      if (found === 'gap') return this.#passGap(lane, offset)
    }
    reader.read(view)
    return Look.there
  }

  /** Of what is known to be damaged; null: what stands at `offset` can be read. */
  #passLost(lane: Lane, offset: number): number | null {
    if (!this.#asker.skipsDamaged) return this.#isDamaged(lane, offset)
    const to = Math.min(lane.log.damage.lostTo(offset), lane.end)
    if (to <= offset) return null
    tellPassed(this.#asker, offset, `to offset ${to}`, this.#node)
    lane.reader.pass(to)
    return Look.gap
  }

  /** Of its own log something behind it must be there; of a topic nothing need be. */
  #passGap(lane: Lane, offset: number): number {
    const isEnd = lane.reader.gapTo >= lane.log.logEndOffset
    return isEnd && !lane.isOfTopic ? this.#isDamaged(lane, offset) : Look.gap
  }

  #tell(lane: Lane, offset: number, loaded: Loaded): void {
    const isDamaged = loaded === 'damaged' || (loaded === 'empty' && !lane.isOfTopic)
    // While it was read, it may have been settled and let go of.
    const isNeeded = !lane.log.deleted && lane.log.logStartOffset <= offset
    if (isDamaged && isNeeded && !passDamaged(this.#asker, lane, offset, this.#node))
      this.#isDamaged(lane, offset)
    this.#asker.loaded(lane, offset, isDamaged ? 'damaged' : loaded)
  }

  #isDamaged(lane: Lane, offset: number): number {
    this.#damaged.set(lane, offset)
    this.#node.report(
      `queue ${this.#asker.name}: the message at offset ${offset} cannot be read; restore a ` +
        'backup, purge or delete the queue, or start with polymq.damaged.queues=skip',
    )
    return Look.nothing
  }

  #isStuck(lane: Lane, offset: number): boolean {
    return this.#damaged.get(lane) === offset && lane.log.logStartOffset <= offset
  }
}
