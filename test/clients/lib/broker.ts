// The broker under test, behind one small interface, so that the same suites run against PolyMQ and
// against Apache Kafka. A restart keeps the address and the data.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { kafka } from '../../../scripts/peers/kafka.ts'
import type { Peer } from '../../../scripts/peers/peer.ts'
import { polymq } from '../../../scripts/peers/polymq.ts'

export interface Broker {
  /** `host:port`. */
  readonly bootstrap: string
  readonly hasTransactions: boolean
  /** A clean stop and a start on the same data and port. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** What every broker is told, so that suites may count on it. */
export const partitionsDefault = 4

interface Recipe {
  readonly peer: Peer
  readonly settings: Readonly<Record<string, string>>
  readonly hasTransactions: boolean
}

export const recipes: Readonly<Record<string, Recipe>> = {
  polymq: { peer: polymq, settings: {}, hasTransactions: false },
  kafka: {
    peer: kafka,
    settings: { 'group.initial.rebalance.delay.ms': '0' },
    hasTransactions: true,
  },
}

/** Starts `polymq` (as it was built) or `kafka` on a new data folder. */
export const startBroker = async (
  name: string,
  partitions: number = partitionsDefault,
): Promise<Broker> => {
  const recipe = recipes[name]
  if (!recipe) throw new Error(`no broker ${name}; there are ${Object.keys(recipes).join(', ')}`)
  const settings = { ...recipe.settings, 'num.partitions': String(partitions) }
  const dataDir = mkdtempSync(join(tmpdir(), `clients-${name}-`))
  let running = await recipe.peer.start(dataDir, { settings })
  const { port, bootstrap } = running
  return {
    bootstrap,
    hasTransactions: recipe.hasTransactions,
    restart: async () => {
      await running.stop()
      running = await recipe.peer.start(dataDir, { settings, port })
    },
    stop: async () => {
      await running.stop()
      rmSync(dataDir, { recursive: true })
    },
  }
}
