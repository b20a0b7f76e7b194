// What the runner asks of a client. Each client is a child process that reads one JSON request a
// line on its standard input, `{"id":1,"do":"produce","with":{...}}`, and answers on its standard
// output with `{"id":1,"result":...}` or `{"id":1,"error":"..."}`. One scenario (scenario.ts)
// speaks these commands to every client, whatever its language, so that what is proved stands in
// one place.

export type Codec = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
export type Acks = 0 | 1 | -1

/** A record to produce. `timestampMs` is ignored by clients that cannot set one. */
export interface Sent {
  readonly partition: number
  readonly key: string
  readonly value: string
  readonly timestampMs: number
}

/** A record as a member of a group received it. */
export interface Taken {
  readonly partition: number
  readonly offset: number
  readonly key: string
  readonly value: string
  /** The value of the header `case`. */
  readonly header: string
  readonly timestampMs: number
}

export interface Produce {
  readonly topic: string
  readonly acks: Acks
  readonly codec: Codec
  readonly idempotent: boolean
  /** The value of the header `case` that every record carries. */
  readonly header: string
  readonly records: readonly Sent[]
}

/** Offsets by partition. JSON makes the keys strings. */
export type Offsets = Readonly<Record<string, number>>

export interface MemberState {
  /** The partitions that the member owns now. */
  readonly assigned: readonly number[]
  /** What it received since it was last asked. */
  readonly taken: readonly Taken[]
}

/** Command name -> what it is given and what it answers. */
export interface Commands {
  createTopic: [{ topic: string; partitions: number }, null]
  /** How many partitions the client sees. */
  partitions: [{ topic: string }, number]
  /** Resolves when everything is acknowledged (acks 0: written to the socket). */
  produce: [Produce, null]
  /** Starts a member that reads from its group's committed offsets, else from the beginning. */
  join: [{ member: string; group: string; topic: string }, null]
  state: [{ member: string }, MemberState]
  /** Commits the position after everything that `state` has handed out. */
  commit: [{ member: string }, null]
  leave: [{ member: string }, null]
  committed: [{ group: string; topic: string }, Offsets]
  /**
   * Sets an empty group to the first record at or after a time, or the end; answers the offsets.
   */
  resetByTime: [{ group: string; topic: string; timestampMs: number }, Offsets]
}

export type Handlers = {
  readonly [K in keyof Commands]: (given: Commands[K][0]) => Promise<Commands[K][1]>
}
