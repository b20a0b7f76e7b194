// Room for one more queue or stream: what the node holds of all vhosts together, and the limit of
// the vhost (`max-queues`). A place is taken before something is made and given back when it is
// there or is not to be, so that however many come at once, from whatever door, none goes over.
// Definitions are held to the bounds of the node alone: what one vhost held fits into another.
// One for each vhost. `queue-changes` and `stream-changes` ask it, and Kafka's topics.
import { type Result, refuse } from '../../model/errors.ts'
import { checkRoom, type HeldMax, type Holder } from './limits.ts'

/** A vhost. */
export interface RoomOwner extends Pick<Holder, 'queues' | 'streams'> {
  readonly name: string
  readonly parts: {
    readonly image: { readonly settings: HeldMax }
    readonly heapBytes: number
    allVhosts(): Iterable<Holder>
    /** Infinity: no limit of its own. */
    queuesMax(vhost: string): number
  }
}

export class QueueRoom {
  readonly #vhost: RoomOwner
  /** How many are making something of this name, which at most one of them will. */
  readonly #making = new Map<string, number>()

  constructor(vhost: RoomOwner) {
    this.#vhost = vhost
  }

  /** Names that are not there yet. */
  get making(): number {
    return this.#making.size
  }

  /**
   * Nothing has the name. Refused with `policyViolation`; `wish` says what for, as in `declare
   * queue`, `isDefined` that definitions do. What it returns gives the place back, and is called
   * once.
   */
  take(name: string, wish: string, isDefined = false): Result<() => void> {
    const { name: vhost, parts, queues, streams } = this.#vhost
    const asked = `${wish} '${name}'`
    const label = `${asked} in vhost '${vhost}'`
    const room = checkRoom(
      parts.image.settings,
      parts.heapBytes,
      parts.allVhosts(),
      'queues',
      label,
    )
    if (!room.ok) return room
    const most = isDefined ? Number.POSITIVE_INFINITY : parts.queuesMax(vhost)
    if (queues.size + streams.size + this.making >= most)
      return refuse(
        'policyViolation',
        `cannot ${asked}: queue limit in vhost '${vhost}' (${most}) is reached`,
      )
    this.#making.set(name, (this.#making.get(name) ?? 0) + 1)
    return { ok: true, value: () => this.#give(name) }
  }

  /** It is there, and counts as such. */
  made(name: string): void {
    this.#making.delete(name)
  }

  #give(name: string): void {
    const count = this.#making.get(name)
    if (count === undefined) return
    if (count === 1) this.#making.delete(name)
    else this.#making.set(name, count - 1)
  }
}
