// What queues and streams hold, counted against the model; and what a crash has left, against what
// it may leave: all that is there was taken out, so who was not seen is nowhere. The watch owns it.
import type { HostedQueue } from '../../../src/broker/messaging/hosted-queue.ts'
import type { Copy, QueueModel } from './copies.ts'
import type { StreamModel } from './stream-model.ts'

interface Drained {
  readonly queues: ReadonlyMap<string, QueueModel>
  readonly streams: ReadonlyMap<string, StreamModel>
  readonly hosted: ReadonlyMap<string, HostedQueue>
  saw(what: string): void
  fail(message: string): void
}

export class Losses {
  readonly #there: Drained

  constructor(there: Drained) {
    this.#there = there
  }

  /**
   * Dead letters that nobody takes are still there, and were tried again, each of them: how long
   * the passes take is the disk's affair. Of those of one name the model knows less.
   */
  allTried(): boolean {
    return [...this.#there.queues.values()].every((model) => {
      const leaving = this.#there.hosted.get(model.name)?.used?.stock.leaving ?? new Set()
      for (const { pass } of leaving) if (pass === 0) return false
      return this.#untried(model) <= model.namesakes.length
    })
  }

  /** How many more it keeps than are known to have been tried. */
  #untried(model: QueueModel): number {
    const left = this.#there.hosted.get(model.name)?.used?.stock.leaving.size ?? 0
    if (left === 0) return 0
    const tried = model.all.filter((c) => c.isLive && c.state === 'leaving').length
    return Math.max(0, left - tried)
  }

  /** All queues are empty: whoever is not here is nowhere. */
  check(): void {
    for (const model of this.#there.queues.values())
      for (const copy of this.#owedFirst(model.namesakes).slice(0, this.#untried(model))) {
        model.found(copy)
        copy.state = 'leaving'
      }
    for (const stream of this.#there.streams.values())
      stream.checkWhole(({ parent }) => this.#isOwed(parent))
    for (const { copies } of this.#there.queues.values())
      for (const same of copies.values()) match(same)
    for (const model of this.#there.queues.values())
      for (const copy of model.all) {
        this.#checkRecord(copy)
        if (copy.past !== null) this.#checkLost(copy, copy.past)
      }
    for (const model of this.#there.queues.values()) model.drained()
  }

  /** Which of one name was tried nobody knows: it was one that has to be there, if one has. */
  #owedFirst(namesakes: readonly Copy[]): Copy[] {
    const isOwed = (copy: Copy): boolean => copy.past?.ending === null && this.#isCertain(copy)
    return [...namesakes.filter(isOwed), ...namesakes.filter((copy) => !isOwed(copy))]
  }

  #checkLost(copy: Copy, past: NonNullable<Copy['past']>): void {
    const { isFound } = copy
    // One that nobody has used for its time goes with what it holds, before it could be drained.
    const isTaken = copy.record?.isGone === true
    if (isTaken && !isFound) this.#there.saw('messages that compaction took')
    const mayBeGone = copy.mayVanish || copy.queue.isLeaving || isTaken || mayBeTaken(copy)
    if (!isFound && past.ending === null && !mayBeGone && this.#isCertain(copy))
      this.#there.fail(`${copy} is lost, and was durable`)
    if (!isFound || copy.isStrange) return
    for (const child of past.children)
      if (child.isFound && !child.isStrange) this.#there.fail(`${copy} is back, and so is ${child}`)
  }

  /** A queue over a topic has what the topic has. */
  #checkRecord(copy: Copy): void {
    const { record, past, isFound } = copy
    if (record === null || past === null || copy.isStrange) return
    if (isFound && !record.isFound) this.#there.fail(`${copy} is there, and not in its topic`)
    const mayBeGone = copy.mayVanish || copy.queue.isLeaving || mayBeTaken(copy)
    const isOwed = record.isFound && past.ending === null && !mayBeGone
    if (isOwed && !isFound) this.#there.fail(`${copy} is lost, and its topic has it`)
  }

  /** What became of a copy that moved has to be where it went to. */
  #isOwed(parent: Copy | null): boolean {
    if (parent === null || parent.isFound || parent.isVirtual || parent.isStrange) return false
    const { queue } = parent
    if (parent.mayVanish || this.#there.queues.get(queue.name) !== queue) return false
    if (queue.isLeaving) return false
    // Compaction may have taken it before its move was durable.
    if (parent.record?.isGone === true && parent.past?.isOver !== true) return false
    return this.#isCertain(parent)
  }

  /** It must be there, or have had an end. */
  #isCertain(copy: Copy): boolean {
    const { past, parent } = copy
    if (past === null || past.isCertain || copy.record?.isFound === true) return past !== null
    return copy.isSync && this.#isOwed(parent)
  }

  /** What the queue says it holds is what it was given. */
  checkCounts(model: QueueModel, isQuiet = false): void {
    const queue = this.#there.hosted.get(model.name)?.used ?? null
    if (queue === null || model.isLeaving || model.isSilent) return
    if (model.all.some((c) => c.mayVanish || c.state === 'unknown')) return
    // Of a topic only what is durable is there, and nobody has said when.
    if (model.source !== null && !isQuiet) return
    const held = queue.ready + queue.delayed + queue.inFlight
    if (held !== model.live)
      this.#there.fail(
        `${model.name} holds ${held}, and was given ${model.live} that are not settled`,
      )
  }
}

/** Of one name nobody knows which record is whose: what compaction took is of who is gone. */
function match(same: readonly Copy[]): void {
  if (!same.some(({ record }) => record?.isGone)) return
  const copies = [...same].sort((a, b) => rank(a) - rank(b))
  const records = same.map(({ record }) => record)
  records.sort((a, b) => Number(a?.isGone) - Number(b?.isGone))
  for (const [i, copy] of copies.entries()) {
    copy.record = records[i] ?? null
    if (copy.record?.isGone !== true || copy.state !== 'leaving') continue
    // The other one was tried twice.
    copy.isFound = false
    copy.queue.live--
  }
}

/** The surest first. */
function rank({ isFound, state, past }: Copy): number {
  if (isFound) return state === 'leaving' ? 1 : 0
  return past?.ending !== null ? 2 : 3
}

/** A crash brings back what compaction took, and the queue may have passed over it before. */
const mayBeTaken = ({ queue, record }: Copy): boolean =>
  record !== null && queue.source?.mayBeReplaced(record, false) === true
