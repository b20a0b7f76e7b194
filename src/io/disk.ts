// The disk as the rest of the house sees it. Implemented by the operating system (real-disk.ts), by
// memory (memory-disk.ts, for `--memory` and tests) and by the simulator (sim/sim-disk.ts); one
// contract suite holds all three. Paths are relative to the disk's root and use '/'.
//
// What survives a crash: bytes after `sync` of their file (or written through a file opened with
// `durable`), names after `syncDir` of their folder. Nothing else may be relied on.
import { assert } from '../base/assert.ts'

/** Size and address granularity of direct writes; also what we assume a device writes at once. */
export const blockBytes = 4096

export interface OpenOptions {
  /** `read` fails with ENOENT when absent; `write` opens for reading and writing, and creates. */
  readonly access: 'read' | 'write'
  /** Empty the file first. */
  readonly truncate?: boolean
  /**
   * Bypass the page cache where the file system can. The file then says `direct: true`, and every
   * read and write of it must have position, length and memory address (see `Disk.allocate`) in
   * multiples of `blockBytes`; other accesses need a file opened without `direct`.
   */
  readonly direct?: boolean
  /** Each write returns only when its bytes are durable (O_DSYNC). */
  readonly durable?: boolean
}

export interface DiskFile {
  readonly direct: boolean
  /** Fills `into` from `position`; returns the bytes read, fewer only at the end of the file. */
  read(into: Uint8Array, position: number): Promise<number>
  /**
   * Writes all of `chunks`, one behind the other, from `position`; rejects if any byte was not
   * taken.
   */
  write(chunks: readonly Uint8Array[], position: number): Promise<void>
  /**
   * Makes data and size durable (fdatasync). After a failure the file's content must not be
   * trusted.
   */
  sync(): Promise<void>
  truncate(bytes: number): Promise<void>
  size(): Promise<number>
  /**
   * A number from 0 on that grows when anybody writes to the file, past this process too, unless
   * clocks are turned back. What a medium loses by itself does not show in it.
   */
  version(): Promise<number>
  close(): Promise<void>
}

export interface Disk {
  open(path: string, options: OpenOptions): Promise<DiskFile>
  rename(from: string, to: string): Promise<void>
  /** Absent is no error. */
  remove(path: string): Promise<void>
  /** Removes a folder and all below it; absent is no error. */
  removeTree(path: string): Promise<void>
  /**
   * Creates a folder ('' is the root) and its parents, and makes their names durable. EACCES: in
   * one that is there nothing can be made.
   */
  makeDir(path: string): Promise<void>
  /**
   * Bytes of a file, without opening it. ENOENT: it is absent; EISDIR: it is no plain file; EACCES:
   * it cannot be read.
   */
  sizeOf(path: string): Promise<number>
  /** Names in a folder, sorted; [] when the folder is absent. */
  list(path: string): Promise<string[]>
  /** Makes the names in a folder durable. */
  syncDir(path: string): Promise<void>
  /** Bytes free for us; Infinity when unknown. */
  freeBytes(): Promise<number>
  /**
   * Takes the folder for this process until `release`. Rejects with DiskError('EBUSY') when another
   * process that is alive holds it.
   */
  lock(path: string): Promise<{ release(): Promise<void> }>
  /** Zeroed memory whose address suits direct writes. Never freed by hand. */
  allocate(bytes: number): Uint8Array
}

/** A failed disk operation. `code` is the system's name (ENOSPC, EIO, ENOENT, EBUSY, ...). */
export class DiskError extends Error {
  override readonly name = 'DiskError'
  readonly code: string
  constructor(code: string, message: string, options?: { cause: unknown }) {
    super(message, options)
    this.code = code
  }
}

/**
 * The names along `path`; [] for the root itself ('' or '.'). A path that leaves the root is a bug
 * of ours, since no path may ever hold a name that came from the network.
 */
export function pathNames(path: string): string[] {
  const names = path.split('/').filter((name) => name !== '' && name !== '.')
  assert(!path.startsWith('/') && !path.includes('\\') && !path.includes('\0'), `bad path ${path}`)
  assert(!names.includes('..'), `path ${path} leaves the root`)
  return names
}
