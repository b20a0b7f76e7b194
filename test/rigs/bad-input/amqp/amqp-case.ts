// One row's bad input on the AMQP port: what is sent and what must come back. The table of all
// cases is the rig and, as text, docs/protocols/amqp-bad-input.md.
import { type CaseOf, closed, type WorldOf } from '../world.ts'
import type { AmqpClient, AmqpOptions } from './amqp-client.ts'

export type AmqpWorld = WorldOf<AmqpClient, AmqpOptions>
export type AmqpCase = CaseOf<AmqpWorld>

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

/** What the case got. */
export async function outcomeOf(each: AmqpCase, world: AmqpWorld): Promise<string> {
  try {
    return await each.run(world)
  } catch (error) {
    return String(error)
  }
}
