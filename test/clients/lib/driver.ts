// The runner's side of commands.ts, Kafka's or AMQP's: starts a client and asks it one thing after
// another. A client that does not answer in time has failed that case; it is killed, and every
// later question fails at once.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { ended, environment, kill, own, Tail } from './child.ts'
import type { Commands } from './commands.ts'

export interface Program {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

interface Answer {
  readonly id: number
  readonly result?: unknown
  readonly error?: string
}

interface Waiting {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}

const answerTimeoutMs = 40_000

/** Commands by name: what each is given and what it answers. */
export type Table<C> = { readonly [K in keyof C]: readonly [unknown, unknown] }

export class Driver<C extends Table<C> = Commands> {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #output = new Tail()
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0
  #dead: string | null = null

  constructor(program: Program, bootstrap: string) {
    this.#child = spawn(program.command, program.args, {
      detached: true,
      env: environment({ ...program.env, BOOTSTRAP: bootstrap }),
    })
    own(this.#child)
    this.#child.stderr.on('data', (chunk: Buffer) => this.#output.add(chunk))
    this.#child.stdin.on('error', (error) => this.#output.add(`${error.message}\n`))
    this.#child.once('error', (error) => this.#die(error.message))
    this.#child.once('exit', (code, signal) => this.#die(`it ended: ${signal ?? `code ${code}`}`))
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#take(line))
  }

  /** Asks; rejects with the client's own words, or with its last output when it hangs or died. */
  ask<K extends keyof C & string>(name: K, given: C[K][0]): Promise<C[K][1]> {
    if (this.#dead !== null) return Promise.reject(new Error(this.#dead))
    this.#lastId++
    const id = this.#lastId
    return new Promise<C[K][1]>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#die(`no answer to ${name} in ${answerTimeoutMs} ms`)
        kill(this.#child, 'SIGKILL')
      }, answerTimeoutMs)
      this.#waiting.set(id, {
        resolve: (result) => {
          clearTimeout(timer)
          resolve(result as C[K][1])
        },
        reject: (error) => {
          clearTimeout(timer)
          reject(error)
        },
      })
      this.#child.stdin.write(`${JSON.stringify({ id, do: name, with: given })}\n`)
    })
  }

  /** The last of what the client printed besides its answers. */
  output(): string {
    return this.#output.last(1500)
  }

  /**
   * Closes the client's standard input, on which it ends by itself; kills it if it does not.
   * Answers its exit code.
   */
  async close(): Promise<number | null> {
    this.#child.stdin.end()
    return ended(this.#child, 10_000)
  }

  #take(line: string): void {
    if (!line.startsWith('{"id":')) {
      this.#output.add(`${line}\n`)
      return
    }
    const answer = JSON.parse(line) as Answer
    const waiting = this.#waiting.get(answer.id)
    this.#waiting.delete(answer.id)
    if (answer.error === undefined) waiting?.resolve(answer.result)
    else waiting?.reject(new Error(answer.error))
  }

  #die(why: string): void {
    this.#dead ??= why
    for (const waiting of this.#waiting.values())
      waiting.reject(new Error(`${why}\n${this.output()}`))
    this.#waiting.clear()
  }
}
