// What a measure is: a function that takes a peer and returns rows of figures, and the few steps
// that all of them share. A measure starts its own broker on an empty directory and leaves nothing
// behind.
import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Peer, PeerOptions, RunningPeer } from '../../scripts/peers/peer.ts'
import { createTopics } from '../../scripts/peers/topics.ts'

export interface Row {
  /** What is counted and its unit, as in `100 B: records/s`. */
  readonly name: string
  readonly value: number
}

export interface Bench {
  /** Where data directories are made. It must be on a real disk: a sync on tmpfs costs nothing. */
  readonly dir: string
  /** 1 for the real run; 0.02 for a look at whether it works. Multiplies numbers of records. */
  readonly scale: number
}

/** The protocol that a measure speaks, which says who its peers are. */
export type Door = 'kafka' | 'amqp'

export type Measure = (peer: Peer, bench: Bench) => Promise<Row[]>

/** Bytes of the record that the tables call 1 KB. Rates are in MB and GB of 10^6 and 10^9 bytes. */
export const kilobyte = 1024

/** A number of records, scaled, never so small that a tool has nothing to report. */
export const scaled = (records: number, bench: Bench): number =>
  Math.max(1_000, Math.round(records * bench.scale))

/** What an interrupted run would leave on the disk: gigabytes. */
const leftovers = new Set<string>()
process.once('exit', () => {
  for (const dir of leftovers) rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
})

/** Runs `use` with an empty data directory that is removed afterwards, whatever happens. */
export async function withDir<T>(bench: Bench, use: (dataDir: string) => Promise<T>): Promise<T> {
  const dataDir = await mkdtemp(join(bench.dir, 'peer-'))
  leftovers.add(dataDir)
  try {
    return await use(dataDir)
  } finally {
    await rm(dataDir, { recursive: true, force: true })
    leftovers.delete(dataDir)
  }
}

/** Runs `use` with a fresh broker, which is stopped afterwards; its data is removed. */
export const withBroker = <T>(
  peer: Peer,
  bench: Bench,
  use: (broker: RunningPeer) => Promise<T>,
  options: PeerOptions = {},
): Promise<T> =>
  withDir(bench, async (dataDir) => {
    const broker = await peer.start(dataDir, options)
    try {
      return await use(broker)
    } finally {
      await broker.kill()
    }
  })

/** Creates one topic with the configuration that the peer's promise needs. */
export const createTopic = (
  peer: Peer,
  broker: RunningPeer,
  name: string,
  partitions: number,
): Promise<void> =>
  createTopics(broker.bootstrap, { names: [name], partitions, config: peer.topicConfig })
