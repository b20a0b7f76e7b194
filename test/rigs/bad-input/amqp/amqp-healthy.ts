// The client that behaves, beside those that do not, and its worker thread. It publishes one
// persistent message after the other with a confirm to a durable queue, consumes and acknowledges
// them, and publishes a copy of each to a second queue, which nobody reads: what must be there
// after kill -9.
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { basic } from '../../../../src/protocol/amqp/methods/basic-methods.ts'
import { queue } from '../../../../src/protocol/amqp/methods/topology-methods.ts'
import { emptyTable } from '../../amqp/tables.ts'
import { Healthy, type Report } from '../healthy-client.ts'
import { AmqpClient, answerMsMax } from './amqp-client.ts'

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

export const amqpHealthy = (port: number): Healthy =>
  new Healthy(new URL(import.meta.url), { port })

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
  const clients: AmqpClient[] = []
  const opened = async () => {
    const client = await AmqpClient.connect(port)
    clients.push(client)
    return client.open()
  }
  const publish = async () => {
    const client = await opened()
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
  }
  const consume = async () => {
    const client = await opened()
    await client.call(1, queue.declare, { ...declared, queue: healthyQueue }, queue.declareOk)
    const wish = { queue: healthyQueue, consumerTag: 'h', noAck: false, arguments: emptyTable }
    await client.call(1, basic.consume, wish, basic.consumeOk)
    for (let lastAt = performance.now(); !isStopping || consumed < confirmed; ) {
      const delivery = await client.frame(100)
      if (delivery === null && performance.now() - lastAt < answerMsMax) continue
      if (delivery?.methodId !== basic.deliver.id) throw new Error('no delivery comes')
      lastAt = performance.now()
      await client.frame()
      const body = await client.frame()
      if (body?.payload.equals(bodyOf(consumed)) !== true)
        throw new Error(`message ${consumed} is not what came`)
      consumed++
      client.method(1, basic.ack, { deliveryTag: BigInt(consumed), multiple: false })
    }
  }
  const report = (): void => {
    gapMs = Math.max(gapMs, performance.now() - lastAt)
    parentPort?.postMessage({ acked: confirmed, consumed, gapMs, problem } satisfies Report)
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
      for (const client of clients) client.close()
      report()
      parentPort?.close()
    })
  })
}

if (!isMainThread) await work((workerData as { port: number }).port)
