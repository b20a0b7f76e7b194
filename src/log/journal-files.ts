// The files of the journal: a few of fixed size, written once when made and used in turns for ever, because
// appending to a fresh file costs three to ten times the processor time of writing over an old one. File
// `seq` holds the LSNs [seq × fileBytes, (seq + 1) × fileBytes); on disk it has a slot, and the first
// commit in it tells which `seq` the slot holds now. The journal takes and gives back files here.
import { assert } from '../base/assert.ts'
import { blockBytes, type Disk, type DiskFile } from '../io/disk.ts'

export interface JournalFile {
  readonly slot: string
  /** Writes through this one are durable when they return. */
  readonly durable: DiskFile
  /** Writes through this one wait for `sync`. */
  readonly plain: DiskFile
}

export const journalFolder = 'journal'
const zeros = 1 << 20

export class JournalFiles {
  readonly #disk: Disk
  readonly fileBytes: number
  readonly #maxFiles: number
  /** By sequence. */
  readonly #inUse = new Map<number, JournalFile>()
  #spare: JournalFile[] = []
  #count = 0
  #preparing: Promise<void> | null = null
  #stopped = false

  constructor(disk: Disk, fileBytes: number, maxFiles: number) {
    assert(fileBytes % blockBytes === 0, 'journal files are made of whole blocks')
    this.#disk = disk
    this.fileBytes = fileBytes
    this.#maxFiles = maxFiles
  }

  /** Takes over what recovery found: files that still hold needed commits, and slots that are free. */
  async adopt(inUse: ReadonlyMap<number, string>, free: readonly string[]): Promise<void> {
    for (const [seq, slot] of inUse) this.#inUse.set(seq, await this.#open(slot))
    for (const slot of free) this.#spare.push(await this.#open(slot))
    this.#count = inUse.size + free.length
  }

  /** The first file of a new journal is not written in advance: start-up should not wait for it. */
  async ensureSpare(writeAhead: boolean): Promise<void> {
    if (this.#spare.length > 0 || this.#count >= this.#maxFiles) return
    const slot = `${journalFolder}/${String(this.#count++).padStart(4, '0')}.wal`
    const file = await this.#open(slot)
    if (writeAhead) await this.#fill(file)
    await this.#disk.syncDir(journalFolder)
    this.#spare.push(file)
  }

  /** Prepares a spare in the background; at most one at a time. Rejections go to `failed`. */
  prepare(failed: (cause: unknown) => void): void {
    if (this.#preparing !== null || this.#stopped || this.#spare.length > 0) return
    this.#preparing = this.ensureSpare(true).then(
      () => {
        this.#preparing = null
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

  /** Files that hold only LSNs below `lsn` are free again. */
  recycle(lsn: number): void {
    for (const [seq, file] of this.#inUse) {
      if ((seq + 1) * this.fileBytes > lsn) continue
      this.#inUse.delete(seq)
      this.#spare.push(file)
    }
  }

  async close(): Promise<void> {
    this.#stopped = true
    await this.#preparing
    for (const file of [...this.#inUse.values(), ...this.#spare]) {
      await file.durable.close()
      await file.plain.close()
    }
  }

  async #open(slot: string): Promise<JournalFile> {
    const plain = await this.#disk.open(slot, { access: 'write', direct: true })
    const durable = await this.#disk.open(slot, { access: 'write', direct: true, durable: true })
    return { slot, durable, plain }
  }

  async #fill(file: JournalFile): Promise<void> {
    const empty = this.#disk.allocate(Math.min(zeros, this.fileBytes))
    for (let at = 0; at < this.fileBytes && !this.#stopped; at += empty.length)
      await file.plain.write([empty.subarray(0, this.fileBytes - at)], at)
    await file.plain.sync()
  }
}
