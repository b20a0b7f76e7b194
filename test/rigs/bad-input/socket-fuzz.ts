// The fuzzer over sockets: whole and mutated requests of every API and version, several to a
// connection, each sent when the one before it is answered or has waited long enough. Whether
// others are served, nothing is lost and the memory stays flat is for the rig to see.
import { mutated, validRequest } from '../kafka-mutations.ts'
import { type Ending, NoAnswer, RawClient } from './raw-client.ts'

export interface FuzzTally {
  readonly sent: number
  readonly connections: number
  readonly answered: number
  readonly closed: number
}

const requestsPerConnection = 8
const connectionsAtOnce = 4
const validShare = 0.25
/** Joins and fetches may wait for minutes; whoever else has an answer gives it by then. */
const waitMs = 15

export async function fuzzSockets(
  port: number,
  count: number,
  random: () => number,
): Promise<FuzzTally> {
  const tally = { sent: 0, connections: 0, answered: 0, closed: 0 }
  const one = async (): Promise<void> => {
    while (tally.sent < count) {
      const client = await RawClient.connect(port, { clientId: 'fuzz' })
      tally.connections++
      await sendSome(client, random, Math.min(requestsPerConnection, count - tally.sent), tally)
    }
  }
  await Promise.all(Array.from({ length: connectionsAtOnce }, one))
  return tally
}

function endingOf(error: unknown): Ending {
  if (error instanceof NoAnswer) return error.ending
  throw error
}

async function sendSome(
  client: RawClient,
  random: () => number,
  count: number,
  tally: { sent: number; answered: number; closed: number },
): Promise<void> {
  for (let i = 0; i < count && !client.isClosed; i++) {
    const { frame } = validRequest(random, tally.sent)
    client.send(random() < validShare ? frame : mutated(frame, random))
    tally.sent++
    const ending = await client.frame(waitMs).then(() => null, endingOf)
    if (ending === null) tally.answered++
    else if (ending === 'closed') tally.closed++
  }
  client.close()
}
