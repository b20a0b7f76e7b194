// Ports on 127.0.0.1 for the brokers of a rig. They are taken below 32768, where no kernel hands
// out ephemeral ports by default, so that no outgoing connection of a client can sit on one
// meanwhile.
import { createServer } from 'node:net'

const lowest = 20_000
const highest = 32_000
const attemptsMax = 100
/** Given last, and perhaps not listened on yet. */
const given: number[] = []
const givenMax = 100

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })

/**
 * A port that nobody listens on now, another each time. Picked at random, so that rigs in parallel
 * seldom meet.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest))
    if (given.includes(port) || !(await isFree(port))) continue
    given.push(port)
    if (given.length > givenMax) given.shift()
    return port
  }
  throw new Error(`no free port between ${lowest} and ${highest}`)
}
