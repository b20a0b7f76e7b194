// One row's bad input: what is sent and what must come back. The table of all cases is the rig and,
// as text, docs/protocols/kafka-bad-input.md.
import type { BrokerProcess } from './broker-process.ts'
import { type ConnectOptions, NoAnswer, type RawClient } from './raw-client.ts'

/** What a case may use. */
export interface World {
  readonly broker: BrokerProcess
  readonly isShort: boolean
  /** Folder for brokers of a case's own. */
  readonly folder: string
  /** Numbers in [0, 1) that follow from the seed. */
  readonly random: () => number
  /** A new connection, closed when the case is over. */
  connect(options?: ConnectOptions): Promise<RawClient>
  /** Prints a line below the case. */
  note(line: string): void
}

export interface Case {
  /** The row of the checklist. */
  readonly row: number
  readonly sent: string
  /** What must come back, in the words of `run`. */
  readonly answer: string
  /** Sends it; resolves to what came back. A NoAnswer counts as its ending. */
  readonly run: (world: World) => Promise<string>
  /** Left out of short runs. */
  readonly isLong?: boolean
}

export const closed = 'closed'

/** The first thing on a connection, after which it must be closed. */
export const closesOn = (
  row: number,
  sent: string,
  bytes: (random: () => number) => Uint8Array,
): Case => ({
  row,
  sent,
  answer: closed,
  run: async ({ connect, random }) => {
    const client = await connect()
    client.send(bytes(random))
    return client.ending()
  },
})

/** What the case got. */
export async function outcomeOf(each: Case, world: World): Promise<string> {
  try {
    return await each.run(world)
  } catch (error) {
    if (error instanceof NoAnswer) return error.ending
    throw error
  }
}
