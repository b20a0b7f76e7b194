// The client that behaves, beside those that do not, and its worker thread. It publishes one
// persistent message after the other with a confirm to a durable queue, consumes and acknowledges
// them, and publishes a copy of each to a second queue, which nobody reads: what must be there
// after kill -9.
import { once } from 'node:events'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { basic } from '../../../../src/protocol/amqp/methods/basic-methods.ts'
import { queue } from '../../../../src/protocol/amqp/methods/topology-methods.ts'
import { emptyTable } from '../../amqp/tables.ts'
import { AmqpClient } from './amqp-client.ts'

export interface AmqpReport {
  readonly confirmed: number
  readonly consumed: number
  /** Longest time without a confirm since the last report. */
  readonly gapMs: number
  /** What went wrong for the worker; null when it is served. */
  readonly problem: string | null
}

const [healthyQueue, keptQueue] = ['healthy', 'healthy-kept']
const pauseMs = 5
const bodyOf = (n: number): Buffer => Buffer.from(`message ${n} `.padEnd(60 + (n % 40), String(n)))

const declared = {
  passive: false,
  durable: true,
  exclusive: false,
  autoDelete: false,
  nowait: false,
  arguments: emptyTable,
}

export class AmqpHealthy {
  private readonly worker: Worker

  constructor(port: number) {
    this.worker = new Worker(new URL(import.meta.url), { workerData: { port } })
  }

  report(): Promise<AmqpReport> {
    return this.ask('report')
  }

  /** Ends when all that was confirmed is consumed too. */
  async stop(): Promise<AmqpReport> {
    const exited = once(this.worker, 'exit')
    const report = await this.ask('stop')
    await exited
    return report
  }

  private async ask(word: 'report' | 'stop'): Promise<AmqpReport> {
    this.worker.postMessage(word)
    const [report] = (await once(this.worker, 'message')) as [AmqpReport]
    return report
  }
}

/** Takes all that was kept; null, or which message is not as it was confirmed. */
export async function lostMessage(client: AmqpClient, confirmed: number): Promise<string | null> {
  for (let n = 0; n < confirmed; n++) {
    client.method(1, basic.get, { queue: keptQueue, noAck: true })
    const answer = await client.frame()
    if (answer?.methodId !== basic.getOk.id) return `message ${n} of ${confirmed} is not there`
    await client.frame()
    const body = await client.frame()
    if (body?.payload.equals(bodyOf(n)) !== true) return `message ${n} has another content`
  }
  return null
}

// ---- In the worker ------------------------------------------------------------------------------

async function work(port: number): Promise<void> {
  let [confirmed, consumed, gapMs, lastAt] = [0, 0, 0, performance.now()]
  let problem: string | null = null
  let isStopping = false
  const publish = async () => {
    const client = await (await AmqpClient.connect(port)).open()
    for (const name of [healthyQueue, keptQueue])
      await client.call(1, queue.declare, { ...declared, queue: name }, queue.declareOk)
    await client.confirms(1)
    while (!isStopping) {
      client.publish(1, '', keptQueue, bodyOf(confirmed))
      client.publish(1, '', healthyQueue, bodyOf(confirmed))
      // One confirm may stand for both.
      const last = BigInt(2 * (confirmed + 1))
      for (let at = 0n; at < last; ) at = (await client.until(basic.ack)).payload.readBigUInt64BE(4)
      confirmed++
      const now = performance.now()
      gapMs = Math.max(gapMs, now - lastAt)
      lastAt = now
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
    client.close()
  }
  const consume = async () => {
    const client = await (await AmqpClient.connect(port)).open()
    await client.call(1, queue.declare, { ...declared, queue: healthyQueue }, queue.declareOk)
    const wish = { queue: healthyQueue, consumerTag: 'h', noAck: false, arguments: emptyTable }
    await client.call(1, basic.consume, wish, basic.consumeOk)
    while (!isStopping || consumed < confirmed) {
      const delivery = await client.frame()
      if (delivery?.methodId !== basic.deliver.id) throw new Error('no delivery comes')
      await client.frame()
      const body = await client.frame()
      if (body?.payload.equals(bodyOf(consumed)) !== true)
        throw new Error(`message ${consumed} is not what came`)
      consumed++
      client.method(1, basic.ack, { deliveryTag: BigInt(consumed), multiple: false })
    }
    client.close()
  }
  const report = (): void => {
    gapMs = Math.max(gapMs, performance.now() - lastAt)
    parentPort?.postMessage({ confirmed, consumed, gapMs, problem } satisfies AmqpReport)
    gapMs = 0
  }
  const failed = (error: unknown): void => {
    problem ??= String(error)
    isStopping = true
  }
  const done = Promise.all([publish().catch(failed), consume().catch(failed)])
  parentPort?.on('message', (word: string) => {
    if (word === 'report') {
      report()
      return
    }
    isStopping = true
    void done.then(() => {
      report()
      parentPort?.close()
    })
  })
}

if (!isMainThread) await work((workerData as { port: number }).port)
