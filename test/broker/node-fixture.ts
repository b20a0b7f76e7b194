// A node on a disk of its own, with small sizes, for tests that need a whole one.
import { NodeBroker } from '../../src/broker/broker.ts'
import type { Disk } from '../../src/io/disk.ts'
import { realClock } from '../../src/io/real/clock.ts'
import { SimChance } from '../../src/io/sim/sim-chance.ts'
import { tinyOptions } from '../log/log-fixture.ts'

/** Opens it for as long as `use` takes. A write that fails fails the test. */
export async function withNodeOn(
  disk: Disk,
  settings: Readonly<Record<string, string>>,
  use: (node: NodeBroker) => Promise<void>,
  report: (line: string) => void = () => undefined,
  seed = 1,
): Promise<void> {
  const node = await NodeBroker.open({
    disk,
    clock: realClock,
    chance: new SimChance(seed),
    logOptions: tinyOptions,
    settings: new Map(Object.entries(settings)),
    heapBytes: Number.POSITIVE_INFINITY,
    report,
    failed: (cause) => {
      throw cause
    },
  })
  try {
    await use(node)
  } finally {
    await node.close()
  }
}
