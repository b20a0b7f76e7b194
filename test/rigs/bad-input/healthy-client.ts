// The rig's end of the client that behaves, beside those that do not: a worker thread, so that
// nothing the rig does holds it up. What it was acknowledged must not be lost.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

export interface Report {
  readonly acked: number
  readonly consumed: number
  /** Longest time without an acknowledgement since the last report. */
  readonly gapMs: number
  /** What went wrong for the worker; null when it is served. */
  readonly problem: string | null
}

export class Healthy {
  readonly #worker: Worker

  constructor(script: URL, workerData: unknown) {
    this.#worker = new Worker(script, { workerData })
  }

  report(): Promise<Report> {
    return this.#ask('report')
  }

  /** Ends when all that was acknowledged is consumed too. */
  async stop(): Promise<Report> {
    const exited = once(this.#worker, 'exit')
    const report = await this.#ask('stop')
    await exited
    return report
  }

  async #ask(word: 'report' | 'stop'): Promise<Report> {
    this.#worker.postMessage(word)
    const [report] = (await once(this.#worker, 'message')) as [Report]
    return report
  }
}
