// The fuzzer over sockets: whole and mutated steps, several to a connection. What comes back must
// be made of whole frames with codes of the protocol, and nothing behind a close; whether others
// are served, nothing is lost and the memory stays flat is for the rig to see.
import { mutatedStep } from '../../amqp/mutations.ts'
import { furniture, someStep } from '../../amqp/steps.ts'
import { AmqpClient } from './amqp-client.ts'

export interface FuzzTally {
  readonly sent: number
  readonly connections: number
  readonly answered: number
  /** Connections that the broker has closed. */
  readonly closed: number
}

const connectionsAtOnce = 4
const stepsPerConnection = 20
const validShare = 0.75
const waitMs = 2

export async function fuzzSockets(
  port: number,
  count: number,
  random: () => number,
): Promise<FuzzTally> {
  const tally = { sent: 0, connections: 0, answered: 0, closed: 0 }
  const one = async (): Promise<void> => {
    while (tally.sent < count) {
      const client = await (await AmqpClient.connect(port)).open()
      client.isCounting = true
      client.send(...furniture(random))
      tally.connections++
      for (let i = 0; i < stepsPerConnection && !client.isClosed; i++) {
        const frames = random() < validShare ? someStep(random) : mutatedStep(random)
        client.send(...frames)
        tally.sent += frames.length
        await client.gone(waitMs)
        if (client.stream.closeCode !== 0) break
      }
      // Throws when something came that no client would understand.
      await client.frame(waitMs)
      tally.answered += client.counted
      if (client.stream.closeCode !== 0 || client.isClosed) tally.closed++
      client.close()
    }
  }
  await Promise.all(Array.from({ length: connectionsAtOnce }, one))
  return tally
}
