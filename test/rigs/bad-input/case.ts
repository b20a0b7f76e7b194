// One row's bad input: what is sent and what must come back. The table of all cases is the rig and,
// as text, docs/protocols/kafka-bad-input.md.
import type { StartOptions } from './broker-process.ts'
import { type ConnectOptions, NoAnswer, RawClient } from './raw-client.ts'
import { type CaseOf, closed, type WorldOf, withBrokerOf } from './world.ts'

export type World = WorldOf<RawClient, ConnectOptions>
export type Case = CaseOf<World>

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

/** As `withBrokerOf`. */
export const withBroker = (
  world: World,
  name: string,
  options: StartOptions,
  use: (inside: World) => Promise<string>,
): Promise<string> => withBrokerOf(RawClient.connect, world, name, options, use)

/** What the case got; a NoAnswer counts as its ending. */
export async function outcomeOf(each: Case, world: World): Promise<string> {
  try {
    return await each.run(world)
  } catch (error) {
    if (error instanceof NoAnswer) return error.ending
    throw error
  }
}
