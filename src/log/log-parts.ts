// What a log is opened with: disk, clock, chance, sizes, what the metadata knows, and whom to tell.
// The broker hands it in.
import type { Chance } from '../io/chance.ts'
import type { Clock } from '../io/clock.ts'
import type { Disk } from '../io/disk.ts'
import type { TopicSettings } from '../model/config/topic-settings.ts'
import type { LogOptions } from './log-options.ts'

/** A partition that the metadata knows when the log is opened. */
export interface KnownPartition {
  /** The topic's id. */
  readonly topic: string
  /** As people call it, for what is reported; the id when it is not told. */
  readonly topicName?: string
  readonly partition: number
  readonly settings: TopicSettings
}

/** What the metadata says when the log is opened. */
export interface Known {
  readonly partitions: Iterable<KnownPartition>
  /** See `LogStore.lookAtSpace`; left out: 0. */
  readonly freeBytesMin?: number
  /**
   * The last revision of the metadata that is durable; it only grows. What was appended at one
   * revision cannot be read with less metadata than that. 0: nothing was ever known.
   */
  revision(): number
  /**
   * The id of the cluster: records of one are not read with the metadata of another. Null: it is
   * given by `settle`, or nobody tells.
   */
  cluster?(): string | null
  /**
   * Called when the log will not refuse to open, before it writes anything: from then on the
   * metadata is durable.
   */
  settle?(): Promise<void>
}

export interface LogHooks {
  /**
   * A write or sync of the log failed: the process must end, since the page cache cannot be
   * trusted.
   */
  failed(cause: unknown): void
  /** Something that people should know: damage found, strays removed. One line. */
  report(line: string): void
}

export interface LogParts {
  readonly disk: Disk
  readonly clock: Clock
  readonly chance: Chance
  readonly options: LogOptions
  readonly hooks: LogHooks
}

/** What is on the disk cannot be used as it is; nothing of it was thrown away. */
export class DamagedLogError extends Error {
  override readonly name = 'DamagedLogError'
}
