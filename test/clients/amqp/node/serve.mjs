// The client's side of ../commands.ts for the clients in Node: reads one JSON request a line from
// standard input, in order, and answers each on standard output. Standard input closing ends the
// process, with code 0 if the client closes. The packages come from the folder in MODULES, as they
// were published.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

export const url = process.env['BOOTSTRAP'] ?? 'amqp://guest:guest@127.0.0.1:5672/%2f'
export const load = createRequire(`${process.env['MODULES']}/`)

/** What a consumer received: handed out once, settled by tag. */
export class Inbox {
  #fresh = []
  #open = new Map()

  add(tag, message, delivery) {
    this.#open.set(tag, message)
    this.#fresh.push({ tag, ...delivery })
  }

  handOut() {
    return this.#fresh.splice(0)
  }

  /** The client's own object for a delivery, which is forgotten here. */
  settled(tag) {
    const message = this.#open.get(tag)
    if (message === undefined) throw new Error(`no open delivery ${tag}`)
    this.#open.delete(tag)
    return message
  }

  /** All that was not settled and, after a restart, cannot be. */
  abandoned() {
    const messages = [...this.#open.values()]
    this.#open.clear()
    return messages
  }
}

/** The entries of a header `x-death`, in one form. */
export const deathsOf = (headers) =>
  (headers?.['x-death'] ?? []).map(({ queue, reason, count }) => ({
    queue,
    reason,
    count: Number(count),
  }))

export const serve = async (handlers, close) => {
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line)
    const answer = await handlers[request.do](request.with).then(
      (result) => ({ id: request.id, result: result ?? null }),
      (error) => ({ id: request.id, error: String(error?.stack ?? error) }),
    )
    process.stdout.write(`${JSON.stringify(answer)}\n`)
  }
  await close()
  process.exit(0)
}
