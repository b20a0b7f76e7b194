// What the system grants this process: how many files it may have open, and how much memory it may
// use. Read once at start, by start-broker.ts, so that the node's own limits fit inside.
import fs from 'node:fs'
import os from 'node:os'

export interface ProcessLimits {
  /** Descriptors: files and connections together. */
  readonly openFiles: number
  /** Of the machine, or of the container or control group that the process runs in. */
  readonly memoryBytes: number
}

/** Where the system does not say: less than what macOS and Windows grant. */
const openFilesOtherwise = 10_000

export function processLimits(): ProcessLimits {
  return { openFiles: openFiles(), memoryBytes: memoryBytes() }
}

function openFiles(): number {
  try {
    return openFilesOf(fs.readFileSync('/proc/self/limits', 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return openFilesOtherwise
    throw error
  }
}

/** From the text of /proc/self/limits (Linux): the soft limit. */
export function openFilesOf(text: string): number {
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(text)?.[1]
  if (soft === 'unlimited') return Number.POSITIVE_INFINITY
  return soft === undefined ? openFilesOtherwise : Number(soft)
}

/** Without a limit Node says 0, or a number beyond any memory. */
function memoryBytes(): number {
  const total = os.totalmem()
  const constrained = process.constrainedMemory() ?? 0
  return constrained > 0 ? Math.min(constrained, total) : total
}
