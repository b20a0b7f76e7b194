// Reads the journal back after a start: replays commits in order and decides where the journal
// ends. A bad place is a torn tail, and is cut, unless a later commit, or the manifest since the
// last start or clean stop, says that the place had been durable; then it is damage: it is reported
// with the partitions concerned, and nothing is thrown away. Frames, directory and commit header
// say the same thing twice, so that a bad place seldom hides whose records it held; where it does,
// the node does not start. Runs once, before the node serves; `log-store.ts` calls it.
import { blockBytes, type Disk } from '../../io/disk.ts'
import { slotName } from './journal-files.ts'
import {
  type CommitHeader,
  commitHeaderBytes,
  type DirectoryEntry,
  directoryBytes,
  type Frame,
  frameHeaderBytes,
  frameIsWhole,
  type JournalKey,
  readCommitHeader,
  readDirectory,
  readFrame,
} from './journal-format.ts'
import { findSlots, type JournalSlot, twinsOf } from './journal-slots.ts'
import { isUnnoted, type KnownStarts, lastPlace, writerOf } from './journal-starts.ts'

/** A place that was durable and cannot be read. */
export interface JournalDamage {
  readonly lsn: number
  readonly slot: string
  readonly seq: number
  /** Whose frames stood there; null when nothing names them any more. */
  readonly owners: readonly DirectoryEntry[] | null
}

/** For people. */
export const placeOf = ({ slot, lsn }: JournalDamage, fileBytes: number): string =>
  `${slot} is damaged at byte ${lsn % fileBytes}`

export interface JournalScan {
  /** Where the next commit may go, and the end of the last good one. */
  readonly end: number
  readonly previousEnd: number
  /** Slots by file sequence, for the files that hold commits at or above the start. */
  readonly inUse: ReadonlyMap<number, string>
  readonly free: readonly string[]
  /** Not remembered, and with commits in them that nobody needs: somebody put them there. */
  readonly leftAlone: readonly string[]
  /** Two files that say that they are the same part of it; null: there are none. */
  readonly twins: readonly string[] | null
  /** Those of the free ones that hold no commit, and do not say that they never did. */
  readonly lost: readonly string[]
  readonly damage: readonly JournalDamage[]
  /** There are commits of a start that the manifest does not know. */
  readonly isUnnoted: boolean
  /** The metadata had this revision when the last commit was written; 0: not told. */
  readonly knownRevision: number
}

/** From where to replay: the manifest's state. */
export interface ReplayStart extends KnownStarts {
  /** LSN below which everything is in segments. */
  readonly replayFrom: number
  readonly replayGeneration: number
  /** Where the journal ended when it was last closed; 0: it never was. */
  readonly closedAt: number
  readonly journalKey: JournalKey
  /** Numbers of the files that are remembered. */
  readonly journalSlots: readonly number[]
}

interface Found {
  readonly slot: JournalSlot
  readonly header: CommitHeader
}

interface Content {
  readonly frames: readonly Frame[]
  /** Owners of what is damaged; null: unknown; empty: all is whole. */
  readonly lost: readonly DirectoryEntry[] | null
}

/** @param onFrame told each good frame, in order. */
export async function scanJournal(
  disk: Disk,
  fileBytes: number,
  start: ReplayStart,
  onFrame: (frame: Frame) => void,
): Promise<JournalScan> {
  const slots = await findSlots(disk, fileBytes, start.journalKey, start)
  const bySeq = new Map(slots.map((s) => [s.seq, s]))
  const scan = new Scan(bySeq, fileBytes, start, onFrame)
  const end = await scan.run(start.replayFrom)
  await Promise.all(slots.map((s) => s.file.close()))
  const first = Math.floor(start.replayFrom / fileBytes)
  const last = Math.ceil(end / fileBytes) - 1
  const used = [...bySeq.values()].filter((s) => s.seq >= first && s.seq <= last)
  // A file whose beginning nobody knows is not written on: nothing would tell which one it is.
  const mayGoOn = end % fileBytes === 0 || bySeq.has(last)
  const listed = new Set(start.journalSlots.map(slotName))
  const others = slots.filter((s) => !used.includes(s))
  const strange = others.filter((s) => (s.holdsCommits || s.isForeign) && !listed.has(s.name))
  return {
    end: mayGoOn ? end : (last + 1) * fileBytes,
    previousEnd: end,
    inUse: new Map(used.map((s) => [s.seq, s.name])),
    free: others.filter((s) => !strange.includes(s)).map((s) => s.name),
    leftAlone: strange.map((s) => s.name),
    twins: twinsOf(slots, first)?.map((s) => s.name) ?? null,
    lost: slots.filter((s) => s.isLost).map((s) => s.name),
    damage: scan.damage,
    isUnnoted: scan.isUnnoted || slots.some((s) => s.isUnnoted),
    knownRevision: scan.knownRevision,
  }
}

class Scan {
  readonly damage: JournalDamage[] = []
  knownRevision = 0
  isUnnoted = false
  /** Of the last commit that was replayed: older ones behind it are a tail that was cut. */
  #generation: number
  readonly #bySeq: ReadonlyMap<number, JournalSlot>
  readonly #fileBytes: number
  /** Below it everything had been durable. */
  readonly #durableTo: number
  readonly #known: KnownStarts
  readonly #key: JournalKey
  readonly #onFrame: (frame: Frame) => void
  readonly #maxSeq: number

  constructor(
    bySeq: ReadonlyMap<number, JournalSlot>,
    fileBytes: number,
    { replayGeneration, closedAt, journalKey, generation, starts }: ReplayStart,
    onFrame: (frame: Frame) => void,
  ) {
    this.#bySeq = bySeq
    this.#maxSeq = Math.max(-1, ...bySeq.keys())
    this.#fileBytes = fileBytes
    this.#generation = replayGeneration
    this.#durableTo = Math.max(closedAt, lastPlace(starts))
    this.#known = { generation, starts }
    this.#key = journalKey
    this.#onFrame = onFrame
  }

  /** Returns where the journal ends. */
  async run(start: number): Promise<number> {
    let at = start
    for (let next = await this.#find(at); next !== null; ) {
      const { lsn, bytes, previousEnd } = next.header
      const content = readContent(await this.#bytes(next), next.header)
      const isWhole = content.lost !== null && content.lost.length === 0
      if (previousEnd > at) {
        // What was written between the two is unreadable.
        if (!(await this.#wasDurable(at, lsn))) return at
        await this.#repair(at, previousEnd)
        at = previousEnd
      }
      if (!isWhole && !(await this.#wasDurable(lsn, lsn + bytes))) return at
      this.#replay(next, content)
      at = lsn + bytes
      next = await this.#find(at)
    }
    if (at >= this.#durableTo) return at
    await this.#repair(at, this.#durableTo)
    return this.#durableTo
  }

  /** True when something, or a commit at or behind `from`, says that `lsn` had been durable. */
  async #wasDurable(lsn: number, from: number): Promise<boolean> {
    if (lsn < this.#durableTo) return true
    let next = await this.#find(from)
    while (next !== null && next.header.syncedLsn <= lsn)
      next = await this.#find(next.header.lsn + next.header.bytes)
    return next !== null
  }

  #replay(commit: Found, { frames, lost }: Content): void {
    const { lsn, generation, knownRevision } = commit.header
    if (lost === null || lost.length > 0) this.#report(commit.slot, lsn, lost)
    this.#generation = generation
    this.knownRevision = Math.max(this.knownRevision, knownRevision)
    for (const frame of frames) this.#onFrame(frame)
  }

  /** A header that is whole may still be of an earlier lap, or of a tail that was cut. */
  #belongs(header: CommitHeader, lsn: number): boolean {
    const inFile = (lsn % this.#fileBytes) + header.bytes <= this.#fileBytes
    const aligned = header.bytes > 0 && header.bytes % blockBytes === 0
    return header.lsn === lsn && this.#isOfItsStart(header) && inFile && aligned
  }

  #isOfItsStart({ lsn, generation }: CommitHeader): boolean {
    this.isUnnoted ||= isUnnoted(this.#known, generation)
    const writer = writerOf(this.#known.starts, lsn)
    return writer === null ? generation >= this.#generation : generation === writer
  }

  /** The first valid commit at or behind `lsn`, in this file or a later one. */
  async #find(lsn: number): Promise<Found | null> {
    for (let seq = Math.floor(lsn / this.#fileBytes); seq <= this.#maxSeq; seq++) {
      const slot = this.#bySeq.get(seq)
      if (slot === undefined) continue
      const base = seq * this.#fileBytes
      const found = await this.#search(slot, base, Math.max(0, lsn - base))
      if (found !== null) return found
    }
    return null
  }

  async #search(slot: JournalSlot, base: number, from: number): Promise<Found | null> {
    const piece = new Uint8Array(Math.min(1 << 20, this.#fileBytes))
    for (let at = from; at < this.#fileBytes; ) {
      // The commit behind a good one is nearly always right there.
      const want = at === from ? blockBytes : piece.length
      const n = await slot.file.read(piece.subarray(0, want), at)
      for (let i = 0; i + commitHeaderBytes <= n; i += blockBytes) {
        const header = readCommitHeader(piece.subarray(i, i + commitHeaderBytes), this.#key)
        if (header !== null && this.#belongs(header, base + at + i)) return { slot, header }
      }
      if (n < want) return null
      at += want
    }
    return null
  }

  async #bytes(found: Found): Promise<Uint8Array> {
    const bytes = new Uint8Array(found.header.bytes)
    const n = await found.slot.file.read(bytes, found.header.lsn % this.#fileBytes)
    return bytes.subarray(0, n)
  }

  /** Commits in [from, to) have lost their headers: takes what their frames say by themselves. */
  async #repair(from: number, to: number): Promise<void> {
    for (let at = from; at < to; ) {
      const fileEnd = (Math.floor(at / this.#fileBytes) + 1) * this.#fileBytes
      await this.#repairInFile(at, Math.min(to, fileEnd))
      at = fileEnd
    }
  }

  async #repairInFile(from: number, to: number): Promise<void> {
    const slot = this.#bySeq.get(Math.floor(from / this.#fileBytes))
    if (slot === undefined) {
      this.damage.push({
        lsn: from,
        slot: 'the journal, of which a file is missing or empty, or the manifest is another,',
        seq: Math.floor(from / this.#fileBytes),
        owners: null,
      })
      return
    }
    const bytes = new Uint8Array(to - from)
    await slot.file.read(bytes, from % this.#fileBytes)
    const writer = writerOf(this.#known.starts, from)
    const { frames, complete } = readBareFrames(bytes, from, writer ?? 0, writer === null)
    for (const frame of frames) this.#onFrame(frame)
    if (!complete) this.#report(slot, from, null)
  }

  #report(slot: JournalSlot, lsn: number, owners: readonly DirectoryEntry[] | null): void {
    this.damage.push({ lsn, slot: slot.name, seq: slot.seq, owners })
  }
}

/** Frames of a commit, found by its directory or, where that is damaged, one behind the other. */
function readContent(commit: Uint8Array, header: CommitHeader): Content {
  const directory = readDirectory(commit, header)
  if (directory === null) {
    const { frames } = readBareFrames(commit, header.lsn, header.generation, true)
    return { frames, lost: frames.length === header.frames ? [] : null }
  }
  const frames: Frame[] = []
  const lost: DirectoryEntry[] = []
  for (const entry of directory) {
    const frame = readFrame(commit, entry.frameAt, header.lsn, header.generation)
    if (frame !== null && frameIsWhole(frame, entry.nextOffset)) frames.push(frame)
    else lost.push(entry)
  }
  return { frames, lost }
}

/**
 * Frames of a commit whose header is damaged. Complete when a directory proves that none is
 * missing. `generation`: of the start that wrote them; `older`: frames may say nothing of it.
 */
function readBareFrames(
  commit: Uint8Array,
  lsn: number,
  generation: number,
  older: boolean,
): { frames: Frame[]; complete: boolean } {
  const frames: Frame[] = []
  let at = commitHeaderBytes
  for (;;) {
    const frame = readFrame(commit, at, lsn, generation)
    if (frame === null || !frameIsWhole(frame)) break
    if (!older && !frame.isOfGeneration) break
    frames.push(frame)
    at += frameHeaderBytes + frame.batch.length
  }
  const head = { frames: frames.length, directoryAt: at }
  const proved = frames.length > 0 && readDirectory(commit, head) !== null
  const end = Math.ceil((at + directoryBytes(frames.length)) / blockBytes) * blockBytes
  return { frames, complete: proved && end === commit.length }
}
