// The lines that people and machines read while the broker runs: on standard error, as text or,
// with --json, as one JSON object a line. Made by start.ts; nothing outside cli/ prints.
import type { Host } from './host.ts'

export type Level = 'info' | 'warn' | 'error'

export class Log {
  readonly #host: Host
  readonly #json: boolean

  constructor(host: Host, json: boolean) {
    this.#host = host
    this.#json = json
  }

  line(level: Level, message: string): void {
    const time = new Date(this.#host.now()).toISOString()
    if (this.#json) this.#host.err(`${JSON.stringify({ time, level, message })}\n`)
    else this.#host.err(`${time} ${level} ${message.replaceAll('\n', ' ')}\n`)
  }
}
