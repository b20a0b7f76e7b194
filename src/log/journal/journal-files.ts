// The files of the journal: a few of fixed size, written once when made and used in turns for ever,
// because appending to a fresh file costs three to ten times the processor time of writing over an
// old one. File `seq` holds the LSNs [seq × fileBytes, (seq + 1) × fileBytes); on disk it has a
// slot, and the first commit in it tells which `seq` the slot holds now. The journal takes and
// gives back files here.
import { assert } from '../../base/assert.ts'
import { blockBytes, type Disk, DiskError, type DiskFile } from '../../io/disk.ts'

export interface JournalFile {
  readonly slot: string
  /** Writes through this one are durable when they return. */
  readonly durable: DiskFile
  /** Writes through this one wait for `sync`. */
  readonly plain: DiskFile
  /** For reads of any place and length. */
  readonly reader: DiskFile
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
  #count = 0
  #nextSlot = 0
  #preparing: Promise<void> | null = null
  #stopped = false

  constructor(disk: Disk, fileBytes: number, maxFiles: number) {
    assert(fileBytes % blockBytes === 0, 'journal files are made of whole blocks')
    this.#disk = disk
    this.fileBytes = fileBytes
    this.#maxFiles = maxFiles
  }

  /**
   * Takes over what recovery found: files that still hold needed commits, in [from, to) of the
   * journal, and slots that are free.
   */
  async adopt(
    inUse: ReadonlyMap<number, string>,
    free: readonly string[],
    from: number,
    to: number,
  ): Promise<void> {
    for (const [seq, slot] of inUse) {
      const file = await this.#open(slot)
      this.#inUse.set(seq, file)
      // What recovery has read may be in the page cache only, and from now on it counts as durable.
      if (!file.plain.direct) await this.#writeBack(seq, file, from, to)
      await file.plain.sync()
    }
    for (const slot of free) this.#spare.push(await this.#open(slot))
    await this.#disk.syncDir(journalFolder)
    this.#count = inUse.size + free.length
    for (const slot of [...inUse.values(), ...free])
      this.#nextSlot = Math.max(this.#nextSlot, slotNumber(slot) + 1)
  }

  /** The first file of a new journal is not written in advance: start-up should not wait for it. */
  async ensureSpare(writeAhead: boolean): Promise<void> {
    if (this.#spare.length > 0 || this.#count >= this.#maxFiles) return
    const slot = `${journalFolder}/${String(this.#nextSlot++).padStart(6, '0')}.wal`
    this.#count++
    const file = await this.#open(slot)
    if (writeAhead && !(await this.#fits(file))) return
    await this.#disk.syncDir(journalFolder)
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
      this.#count--
      return false
    }
  }

  /**
   * Prepares a spare in the background; at most one at a time. Tells `done` whether there is one.
   */
  prepare(done: (made: boolean) => void, failed: (cause: unknown) => void): void {
    if (this.#preparing !== null || this.#stopped) return
    if (this.#spare.length > 0 || this.#count >= this.#maxFiles) return
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
    return this.#spare.length === 0 && this.#count >= this.#maxFiles
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
    this.#count--
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

  async #fill(file: JournalFile): Promise<void> {
    const empty = this.#disk.allocate(Math.min(pieceBytes, this.fileBytes))
    for (let at = 0; at < this.fileBytes && !this.#stopped; at += empty.length)
      await file.plain.write([empty.subarray(0, this.fileBytes - at)], at)
    await file.plain.sync()
  }
}

const slotNumber = (slot: string): number =>
  Number.parseInt(slot.slice(journalFolder.length + 1), 10)

async function closeFile(file: JournalFile): Promise<void> {
  await file.durable.close()
  await file.plain.close()
  await file.reader.close()
}
