// What the cases of both rigs have in common, whatever their clients speak: what one is made of,
// what it may use, and a broker of its own.
import { join } from 'node:path'
import { BrokerProcess, type StartOptions } from './broker-process.ts'

/** What a case may use. */
export interface WorldOf<Client, Options> {
  readonly broker: BrokerProcess
  readonly isShort: boolean
  /** Folder for brokers and files of a case's own. */
  readonly folder: string
  /** Numbers in [0, 1) that follow from the seed. */
  readonly random: () => number
  /** A new connection, closed when the case is over. */
  connect(options?: Options): Promise<Client>
  /** Prints a line below the case. */
  note(line: string): void
}

export interface CaseOf<World> {
  /** The row of the checklist; 0: clients who are slow, greedy or absent. */
  readonly row: number
  readonly sent: string
  /** What must come back, in the words of `run`. */
  readonly answer: string
  /** Sends it; resolves to what came back. */
  readonly run: (world: World) => Promise<string>
  /** Left out of short runs. */
  readonly isLong?: boolean
}

export const closed = 'closed'

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms))

interface Closable {
  close(): void
}

type Connect<Client, Options> = (port: number, options?: Options) => Promise<Client>

/** `connect` to a broker, and `closeAll` for what was connected. */
export function connecting<Client extends Closable, Options>(
  port: () => number,
  connect: Connect<Client, Options>,
): { connect: (options?: Options) => Promise<Client>; closeAll: () => void } {
  const clients: Client[] = []
  return {
    connect: async (options) => {
      const client = await connect(port(), options)
      clients.push(client)
      return client
    },
    closeAll: () => {
      for (const client of clients) client.close()
    },
  }
}

/**
 * A broker of a case's own, with other settings, listeners or descriptors than the one that serves
 * everybody. Resolves to what `use` does; the broker must still run then.
 */
export async function withBrokerOf<
  Client extends Closable,
  Options,
  World extends WorldOf<Client, Options>,
>(
  connectTo: Connect<Client, Options>,
  world: World,
  name: string,
  options: StartOptions,
  use: (inside: World) => Promise<string>,
): Promise<string> {
  const broker = await BrokerProcess.start(join(world.folder, name), options)
  const { connect, closeAll } = connecting(() => broker.port, connectTo)
  try {
    const got = await use({ ...world, broker, connect })
    return broker.isRunning ? got : `the broker ended: ${broker.last()}`
  } finally {
    closeAll()
    if (broker.isRunning) await broker.stop()
  }
}
