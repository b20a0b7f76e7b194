// The client's side of commands.ts, for the clients that run in Node: reads requests from standard
// input, one at a time and in order, and answers them. Standard input closing ends the process.
import { createInterface } from 'node:readline'
import type { Commands, Handlers } from './commands.ts'

interface Request<K extends keyof Commands = keyof Commands> {
  readonly id: number
  readonly do: K
  readonly with: Commands[K][0]
}

const handle = <K extends keyof Commands>(handlers: Handlers, request: Request<K>) =>
  handlers[request.do](request.with)

const { BOOTSTRAP } = process.env
/** `host:port` of the broker, from the environment. */
export const bootstrap = BOOTSTRAP ?? '127.0.0.1:9092'

/** Serves until standard input closes, then calls `close`. */
export const serve = async (handlers: Handlers, close: () => Promise<void>): Promise<void> => {
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line) as Request
    const answer = await handle(handlers, request).then(
      (result) => ({ id: request.id, result }),
      (error: unknown) => ({ id: request.id, error: String(error) }),
    )
    process.stdout.write(`${JSON.stringify(answer)}\n`)
  }
  await close()
  process.exit(0)
}
