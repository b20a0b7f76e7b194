// The files of the journal: a few of fixed size, written once when made and used in turns for ever,
// because appending to a fresh file costs three to ten times the processor time of writing over an
// old one. File `seq` holds the LSNs [seq × fileBytes, (seq + 1) × fileBytes); on disk it has a
// slot, and the first commit in it tells which `seq` the slot holds now. The journal takes and
// gives back files here.
import { assert } from '../../base/assert.ts'
import { blockBytes, type Disk, DiskError, type DiskFile } from '../../io/disk.ts'
import { markUnused } from './journal-format.ts'

export interface JournalFile {
  readonly slot: string
  /** Writes through this one are durable when they return. */
  readonly durable: DiskFile
  /** Writes through this one wait for `sync`. */
  readonly plain: DiskFile
  /** For reads of any place and length. */
  readonly reader: DiskFile
}

/** What recovery found. */
export interface FoundFiles {
  /** Slots by file sequence, of files that hold needed commits. */
  readonly inUse: ReadonlyMap<number, string>
  readonly free: readonly string[]
  /** Files that hold commits and belong to nobody: their names are not given away again. */
  readonly leftAlone: readonly string[]
  /** LSN at which the journal ends. */
  readonly end: number
}

export const journalFolder = 'journal'
const pieceBytes = 1 << 20

export class JournalFiles {
  readonly #disk: Disk
  readonly fileBytes: number
  readonly #maxFiles: number
  /** By sequence. */
  readonly #inUse = new Map<number, JournalFile>()
  #spare: JournalFile[] = []
  /** Sequences of files that are not to be used again. */
  readonly #aside = new Set<number>()
  readonly #list: (slots: readonly number[]) => Promise<void>
  /** Of all files but those set aside. */
  readonly #slots = new Set<number>()
  #nextSlot = 0
  #preparing: Promise<void> | null = null
  #stopped = false

  /** @param list remembers which files there are, durably, so that a missing one is noticed */
  constructor(
    disk: Disk,
    fileBytes: number,
    maxFiles: number,
    list: (slots: readonly number[]) => Promise<void>,
  ) {
    assert(fileBytes % blockBytes === 0, 'journal files are made of whole blocks')
    this.#disk = disk
    this.fileBytes = fileBytes
    this.#maxFiles = maxFiles
    this.#list = list
  }

  get slots(): number[] {
    return [...this.#slots]
  }

  /**
   * Takes over what recovery found, from the LSN `from` on needed. `listed`: slots that are
   * remembered.
   */
  async adopt(
    { inUse, free, leftAlone, end }: FoundFiles,
    from: number,
    listed: readonly number[],
  ): Promise<void> {
    for (const [seq, slot] of inUse) {
      const file = await this.#open(slot)
      this.#inUse.set(seq, file)
      // What recovery has read may be in the page cache only, and from now on it counts as durable.
      if (!file.plain.direct) await this.#writeBack(seq, file, from, end)
      await file.plain.sync()
    }
    const known = free.filter((slot) => listed.includes(slotNumber(slot)))
    for (const slot of known) this.#spare.push(await this.#open(slot))
    // The node stopped before these were remembered, and so before anybody used them.
    for (const slot of free) if (!known.includes(slot)) await this.#disk.remove(slot)
    await this.#disk.syncDir(journalFolder)
    for (const slot of [...inUse.values(), ...known]) this.#slots.add(slotNumber(slot))
    this.#nextSlot = Math.max(-1, ...this.#slots, ...listed, ...leftAlone.map(slotNumber)) + 1
    // One that is in use must have been remembered, and the manifest has lost its end.
    if (this.slots.some((n) => !listed.includes(n))) await this.#list(this.slots)
    await this.ensureSpare(false)
  }

  /**
   * The first file of a new journal is not written in advance: start-up should not wait for it. But
   * it has its size, as every file has that is remembered: a shorter one has lost its end.
   */
  async ensureSpare(writeAhead: boolean): Promise<void> {
    if (this.#spare.length > 0 || this.#slots.size >= this.#maxFiles) return
    const number = this.#nextSlot++
    const file = await this.#open(slotName(number))
    if (!writeAhead) await this.#stretch(file)
    else if (!(await this.#fits(file))) return
    await this.#disk.syncDir(journalFolder)
    this.#slots.add(number)
    await this.#list(this.slots)
    this.#spare.push(file)
  }

  /** Fills a new file; false when the disk is too full for it, and it is gone again. */
  async #fits(file: JournalFile): Promise<boolean> {
    try {
      await this.#fill(file)
      return true
    } catch (cause) {
      // Nobody relies on what is in it, so that nothing has to end.
      if (!(cause instanceof DiskError && cause.code === 'ENOSPC')) throw cause
      await closeFile(file)
      await this.#disk.remove(file.slot)
      return false
    }
  }

  /**
   * Prepares a spare in the background; at most one at a time. Tells `done` whether there is one.
   */
  prepare(done: (made: boolean) => void, failed: (cause: unknown) => void): void {
    if (this.#preparing !== null || this.#stopped) return
    if (this.#spare.length > 0 || this.#slots.size >= this.#maxFiles) return
    this.#preparing = this.ensureSpare(true).then(
      () => {
        this.#preparing = null
        done(this.#spare.length > 0)
      },
      (cause: unknown) => {
        this.#preparing = null
        failed(cause)
      },
    )
  }

  get hasSpare(): boolean {
    return this.#spare.length > 0
  }

  /** True when every file is in use and the flusher has to free one first. */
  get isFull(): boolean {
    return this.#spare.length === 0 && this.#slots.size >= this.#maxFiles
  }

  get filesInUse(): number {
    return this.#inUse.size
  }

  take(seq: number): JournalFile {
    const file = this.#spare.shift()
    assert(file, 'a journal file is taken only when one is spare')
    this.#inUse.set(seq, file)
    return file
  }

  get(seq: number): JournalFile | undefined {
    return this.#inUse.get(seq)
  }

  /** The file holds damage that someone may want to look at: it will not be used again. */
  keepAside(seq: number): void {
    this.#aside.add(seq)
  }

  /** Files that hold only LSNs below `lsn` are free again. */
  async recycle(lsn: number): Promise<void> {
    for (const [seq, file] of [...this.#inUse]) {
      if ((seq + 1) * this.fileBytes > lsn) continue
      this.#inUse.delete(seq)
      if (this.#aside.delete(seq)) await this.#setAside(seq, file)
      else this.#spare.push(file)
    }
  }

  /** After a failed sync pages count as clean that never reached the disk: only a write helps. */
  async #writeBack(seq: number, file: JournalFile, from: number, to: number): Promise<void> {
    const start = seq * this.fileBytes
    const end = Math.min(to - start, this.fileBytes)
    const piece = this.#disk.allocate(Math.min(pieceBytes, this.fileBytes))
    for (let at = Math.max(0, from - start); at < end; at += piece.length) {
      const part = piece.subarray(0, Math.min(piece.length, end - at))
      const n = await file.reader.read(part, at)
      await file.plain.write([part.subarray(0, n)], at)
    }
  }

  async #setAside(seq: number, file: JournalFile): Promise<void> {
    this.#slots.delete(slotNumber(file.slot))
    await this.#list(this.slots)
    await closeFile(file)
    await this.#disk.rename(file.slot, `${journalFolder}/damaged-${seq}`)
    await this.#disk.syncDir(journalFolder)
  }

  async close(): Promise<void> {
    this.#stopped = true
    await this.#preparing
    for (const file of [...this.#inUse.values(), ...this.#spare]) await closeFile(file)
  }

  async #open(slot: string): Promise<JournalFile> {
    const plain = await this.#disk.open(slot, { access: 'write', direct: true })
    const durable = await this.#disk.open(slot, { access: 'write', direct: true, durable: true })
    const reader = await this.#disk.open(slot, { access: 'read' })
    return { slot, durable, plain, reader }
  }

  async #stretch(file: JournalFile): Promise<void> {
    if ((await file.plain.size()) >= this.fileBytes) return
    await file.plain.truncate(this.fileBytes)
    const block = this.#disk.allocate(blockBytes)
    markUnused(block)
    await file.plain.write([block], 0)
    await file.plain.sync()
  }

  async #fill(file: JournalFile): Promise<void> {
    const piece = this.#disk.allocate(Math.min(pieceBytes, this.fileBytes))
    markUnused(piece)
    for (let at = 0; at < this.fileBytes && !this.#stopped; at += piece.length) {
      await file.plain.write([piece.subarray(0, this.fileBytes - at)], at)
      piece.fill(0, 0, blockBytes)
    }
    await file.plain.sync()
    // Where the node stops meanwhile.
    await this.#stretch(file)
  }
}

export const slotName = (number: number): string =>
  `${journalFolder}/${String(number).padStart(6, '0')}.wal`

/** Whether the naming scheme makes this name: another one is nothing of ours. */
export const isSlotName = (name: string): boolean => slotName(slotNumber(name)) === name

const slotNumber = (slot: string): number =>
  Number.parseInt(slot.slice(journalFolder.length + 1), 10)

async function closeFile(file: JournalFile): Promise<void> {
  await file.durable.close()
  await file.plain.close()
  await file.reader.close()
}
