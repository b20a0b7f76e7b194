// The process as the command line sees it, so that its tests need none. Made by main.ts.

/** The variables that are read by name; the others of POLYMQ_ are found by going through all. */
export interface Environment {
  readonly [name: string]: string | undefined
  readonly POLYMQ_CONFIG?: string
  readonly POLYMQ_LANG?: string
  readonly LC_ALL?: string
  readonly LC_MESSAGES?: string
  readonly LANG?: string
}

export interface Host {
  /** What follows the program's name. */
  readonly args: readonly string[]
  readonly env: Environment
  readonly pid: number
  /** Milliseconds since 1970. */
  now(): number
  /** Milliseconds since the process began. */
  sinceExec(): number
  /** Each writes one line or several, the end of the last one included. */
  out(text: string): void
  err(text: string): void
  /** The text of a file; null: it has more bytes. Rejects as node:fs does. */
  readFile(path: string, bytesMax: number): Promise<string | null>
  /** At every SIGTERM, SIGINT and SIGHUP, and when npm, having started us, is gone. */
  onStopSignal(action: () => void): void
  exit(code: number): never
}

/** What the command ends with. */
export const exitCodes = {
  done: 0,
  /** A bug, or a disk that failed. */
  failed: 1,
  /** The person who started it can put it right. */
  usage: 2,
  /** Stopped by a second signal, as a shell reports SIGINT. */
  impatient: 130,
} as const
