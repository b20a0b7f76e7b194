// One row's bad input on the AMQP port: what is sent and what must come back. The table of all
// cases is the rig and, as text, docs/protocols/amqp-bad-input.md.
import type { BrokerProcess } from '../broker-process.ts'
import type { AmqpClient, AmqpOptions } from './amqp-client.ts'

/** What a case may use. */
export interface AmqpWorld {
  readonly broker: BrokerProcess
  readonly isShort: boolean
  /** Folder for brokers and files of a case's own. */
  readonly folder: string
  /** Numbers in [0, 1) that follow from the seed. */
  readonly random: () => number
  /** A new connection, closed when the case is over. */
  connect(options?: AmqpOptions): Promise<AmqpClient>
  /** Prints a line below the case. */
  note(line: string): void
}

export interface AmqpCase {
  /** The row of the checklist; 0: clients who are slow, greedy or absent. */
  readonly row: number
  readonly sent: string
  /** What must come back, in the words of `run`. */
  readonly answer: string
  readonly run: (world: AmqpWorld) => Promise<string>
  /** Left out of short runs. */
  readonly isLong?: boolean
}

export const closed = 'closed'
export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms))

/** The first thing on a connection. */
export const atFirst = (
  row: number,
  sent: string,
  bytes: (random: () => number) => Uint8Array,
  answer = closed,
): AmqpCase => ({
  row,
  sent,
  answer,
  run: async ({ connect, random }) => {
    const client = await connect()
    client.send(bytes(random))
    return client.answer()
  },
})

/** On an open connection with the channels 1 to 3: the first answer to it. */
export const whenOpen = (
  row: number,
  sent: string,
  frames: readonly Uint8Array[],
  answer: string,
): AmqpCase => ({
  row,
  sent,
  answer,
  run: async ({ connect }) => {
    const client = await (await connect()).open()
    client.send(...frames)
    return client.answer()
  },
})
