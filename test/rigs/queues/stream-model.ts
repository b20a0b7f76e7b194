// What the simulation of queues knows of one stream: every record that was taken, where readers
// have seen it, and how far readers with a name have come. What a crash may leave: all that was
// confirmed or read is there, at its place, once; of the rest anything or nothing. Dead letters may
// be there twice. Of a topic that is compacted, what a later one of its key replaces may be gone,
// and nothing else. It hears of appends from the watch and of places from the readers alone.
import { textOf } from '../../../src/model/message/field.ts'
import type { MessageView } from '../../../src/model/message/message.ts'
import { type Copy, keyOf } from './copies.ts'

export class StreamRecord {
  readonly key: string
  readonly created: number
  /** Among what the node has taken for the stream; null: it is not known. */
  order: number | null
  readonly isForeign: boolean
  readonly hasTtl: boolean
  /** For compaction: in a partition a later record of the same one replaces it. */
  readonly group: string | null
  /** What died and became this. */
  readonly parent: Copy | null
  /** It is durable, whatever comes. */
  isCertain = false
  partition = -1
  /** -1: nobody has read it yet. */
  offset = -1
  /** A crash lies between, */
  isOld = false
  /** and somebody has read it since. */
  isFound = false
  /** It was read, and need not have been there. */
  isSpare = false
  /** What it was made of was there again: it need not be. */
  isUndone = false
  /** Compaction took it. */
  isGone = false

  constructor(
    of: Pick<
      StreamRecord,
      'key' | 'created' | 'order' | 'isForeign' | 'hasTtl' | 'parent' | 'group'
    >,
  ) {
    this.key = of.key
    this.created = of.created
    this.order = of.order
    this.isForeign = of.isForeign
    this.hasTtl = of.hasTtl
    this.parent = of.parent
    this.group = of.group
  }

  toString(): string {
    const place = this.offset < 0 ? 'nowhere yet' : `at ${this.partition}/${this.offset}`
    return `${this.key} (${place})`
  }
}

/** Of one name, by partition: where its next reader may begin. */
export class NamedPlace {
  readonly low: number[]
  readonly high: number[]
  /** What is durable at least. */
  floor: readonly number[]
  /** One reader at a time, so that it is known who wrote last. */
  isTaken = false

  constructor(partitions: number) {
    this.low = Array<number>(partitions).fill(0)
    this.high = [...this.low]
    this.floor = [...this.low]
  }

  crashed(): void {
    this.isTaken = false
    this.floor.forEach((offset, i) => {
      this.low[i] = offset
    })
  }
}

/** How a record came to be. */
interface Added {
  readonly parent?: Copy | null
  readonly isForeign?: boolean
  /** Of a message its header says. */
  readonly group?: string | null
}

const groupOf = ({ headers }: MessageView): string | null => textOf(headers.get('x-kafka-key'))

/** Where a reader that asked for what comes next has begun. */
interface Begun {
  readonly partition: number
  readonly offset: number
  /** What was taken after this event has to be behind it. */
  readonly answeredAt: number
}

export class StreamModel {
  /** Unique in the node. */
  readonly name: string
  readonly vhost: string
  readonly plainName: string
  readonly partitions: number
  readonly isCompacted: boolean
  isDeclared = false
  readonly named = new Map<string, NamedPlace>()
  readonly begun: Begun[] = []
  readonly #fail: (message: string) => void
  readonly #records = new Map<string, StreamRecord[]>()
  readonly #places: Map<number, StreamRecord>[]
  readonly #ends: number[]
  #orders = 0

  constructor(
    names: Pick<StreamModel, 'name' | 'vhost' | 'plainName'>,
    { partitions, isCompacted }: Pick<StreamModel, 'partitions' | 'isCompacted'>,
    fail: (message: string) => void,
  ) {
    this.name = names.name
    this.vhost = names.vhost
    this.plainName = names.plainName
    this.partitions = partitions
    this.isCompacted = isCompacted
    this.#fail = fail
    this.#places = Array.from({ length: partitions }, () => new Map())
    this.#ends = Array<number>(partitions).fill(0)
  }

  get all(): StreamRecord[] {
    return [...this.#records.values()].flat()
  }

  /** Behind the last record that a reader has seen of a partition. */
  seen(partition: number): number {
    return this.#ends[partition] ?? 0
  }

  at(partition: number, offset: number): StreamRecord | null {
    return this.#places[partition]?.get(offset) ?? null
  }

  placeOf(name: string): NamedPlace {
    const place = this.named.get(name) ?? new NamedPlace(this.partitions)
    this.named.set(name, place)
    return place
  }

  add(
    message: MessageView,
    created: number,
    { parent = null, isForeign = false, group = groupOf(message) }: Added = {},
  ): StreamRecord {
    const record = new StreamRecord({
      key: keyOf(message),
      created,
      order: isForeign ? null : this.#orders++,
      isForeign,
      hasTtl: message.expiration !== null,
      parent,
      group: this.isCompacted ? group : null,
    })
    const same = this.#records.get(record.key)
    if (same === undefined) this.#records.set(record.key, [record])
    else {
      same.push(record)
      // Which is which only the node knows.
      for (const each of same) each.order = null
    }
    return record
  }

  /** Of several of one name it may be the first. */
  #createdOf({ key, created }: StreamRecord): number {
    const same = this.#records.get(key) ?? []
    return same.reduce((first, each) => Math.min(first, each.created), created)
  }

  /** It was refused after all, or a crash took it. */
  drop(record: StreamRecord): void {
    const left = (this.#records.get(record.key) ?? []).filter((each) => each !== record)
    if (left.length > 0) this.#records.set(record.key, left)
    else this.#records.delete(record.key)
    if (record.offset >= 0 && !record.isGone)
      this.#fail(`${this.name}: ${record} is dropped, and was read`)
    if (record.isGone) this.#places[record.partition]?.delete(record.offset)
  }

  /** Whether a later record may have replaced it: one that was seen since the crash, or any. */
  mayBeReplaced(record: StreamRecord, bySeen: boolean): boolean {
    const { group } = record
    if (group === null) return false
    return this.all.some(
      (other) =>
        other.group === group &&
        other !== record &&
        (other.isFound || !bySeen) &&
        mayBeBehind(other, record),
    )
  }

  /** A reader was not given what is known to stand there: it must not have to. */
  passed(partition: number, from: number, to: number): string | null {
    if (!this.isCompacted) return `${from} was due`
    for (let offset = from; offset < to; offset++) {
      const record = this.at(partition, offset)
      if (record !== null && !this.mayBeReplaced(record, false)) return `${record} was due`
    }
    return null
  }

  /** A reader was given it. Null: something is wrong. */
  readAt(partition: number, offset: number, key: string): StreamRecord | null {
    const places = this.#places[partition]
    const known = places?.get(offset)
    const record = known ?? (this.#records.get(key) ?? []).find((each) => each.offset < 0)
    if (places === undefined || record === undefined || record.key !== key) {
      const where = `${this.name} ${partition}/${offset}`
      this.#fail(
        known === undefined
          ? `${where} gives ${key}, which nobody has appended, or not again`
          : `${where} gives ${key}, and was ${known.key}`,
      )
      return null
    }
    places.set(offset, record)
    this.#ends[partition] = Math.max(this.seen(partition), offset + 1)
    record.partition = partition
    record.offset = offset
    if (record.isOld && !record.isCertain) record.isSpare = true
    // Only what is durable is read.
    record.isCertain = true
    record.isFound = true
    return record
  }

  crashed(confirmed: number): void {
    for (const place of this.named.values()) place.crashed()
    for (const record of this.all) {
      // Of what died nothing was promised, where it was in memory only.
      const isPromised = !record.isForeign && (record.parent?.isSync ?? true)
      record.isCertain ||= record.created <= confirmed && isPromised
      record.isOld = true
      record.isFound = false
    }
  }

  /** All that is there was read from the first record on. `isOwed`: it cannot be nowhere. */
  checkWhole(isOwed: (record: StreamRecord) => boolean): void {
    for (const record of this.all) {
      if (!record.isOld || record.isFound) continue
      record.isGone = this.mayBeReplaced(record, true)
      if (record.isGone) {
        this.drop(record)
        continue
      }
      const isMissed = record.isCertain || (isOwed(record) && !record.isUndone)
      if (isMissed && !this.#isSpared(record)) this.#fail(`${this.name}: ${record} is lost`)
      else this.drop(record)
    }
    for (const places of this.#places) this.#checkOrder(places)
    for (const { partition, offset, answeredAt } of this.begun.splice(0))
      for (let before = offset - 1; before >= 0; before--) {
        const record = this.at(partition, before)
        if (record === null || this.mayBeReplaced(record, false)) continue
        if (this.#createdOf(record) > answeredAt)
          this.#fail(`${this.name}: who asked for what comes next was not given ${record}`)
      }
  }

  /** Of two of one name the other one may be what was found. */
  #isSpared({ key }: StreamRecord): boolean {
    const same = this.#records.get(key) ?? []
    const other = same.find((each) => each.isSpare)
    if (other !== undefined) other.isSpare = false
    return other !== undefined
  }

  #checkOrder(places: ReadonlyMap<number, StreamRecord>): void {
    let last = -1
    const end = Math.max(-1, ...places.keys()) + 1
    for (let offset = 0; offset < end; offset++) {
      const record = places.get(offset)
      if (record === undefined && !this.isCompacted)
        this.#fail(`${this.name}: there is nothing at ${offset}`)
      if (record === undefined || record.order === null) continue
      if (record.order < last) this.#fail(`${this.name}: ${record} stands behind a later one`)
      last = record.order
    }
  }
}

/** Of known places one may come first for sure, or of the same kind, but for those of one name. */
function mayBeBehind(later: StreamRecord, record: StreamRecord): boolean {
  if (later.offset >= 0 && record.offset >= 0)
    return later.partition === record.partition && later.offset > record.offset
  const isKnown = later.isForeign ? record.isForeign : later.order !== null && record.order !== null
  return !isKnown || later.created >= record.created
}
