// For frameworks that cannot be driven command by command: a program that runs its own cases and
// prints a line of JSON for each, `{"case":"title","error":null}`. `{"restart":true}` asks the
// runner (../script.ts) to restart the broker; it answers with a line when the broker is ready
// again.
import { once } from 'node:events'
import { createInterface } from 'node:readline'

const input = createInterface({ input: process.stdin })
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`)

export const it = (title, body) =>
  body().then(
    () => say({ case: title, error: null }),
    (error) => say({ case: title, error: String(error?.stack ?? error) }),
  )

export const restart = async () => {
  const answered = once(input, 'line')
  say({ restart: true })
  await answered
}

/** Polls until `isDone` answers true; the restart of a broker under load takes its time. */
export const eventually = async (isDone, what, timeoutMs = 40_000) => {
  const end = performance.now() + timeoutMs
  while (!(await isDone())) {
    if (performance.now() > end) throw new Error(`after ${timeoutMs} ms still not: ${what()}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Ends the process with what is still open told by its code: 0 only if nothing hangs. */
export const end = () => {
  input.close()
  process.stdin.destroy()
  setTimeout(() => {
    process.stderr.write('something keeps the process alive\n')
    process.exit(3)
  }, 10_000).unref()
}
