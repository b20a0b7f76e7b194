// The commands of librabbitmq-c (Debian's amqp-tools), each used for what it is for: one process a
// command, which is how scripts and health checks speak to a queue.
import assert from 'node:assert/strict'
import { type Finished, mustRun, run } from '../lib/child.ts'
import type { Check } from '../lib/report.ts'
import { debian } from '../lib/tools.ts'
import type { AmqpBroker } from './broker.ts'

const timeoutMs = 20_000
const queue = 'tools.queue'

class Tools {
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  run(tool: string, args: readonly string[], input = ''): Promise<Finished> {
    return run(`amqp-${tool}`, ['-u', this.#url, ...args], { timeoutMs, input })
  }

  async must(tool: string, args: readonly string[], input = ''): Promise<string> {
    const options = { timeoutMs, input }
    return (await mustRun(`amqp-${tool}`, ['-u', this.#url, ...args], options)).stdout
  }

  async declares(): Promise<void> {
    assert.equal((await this.must('declare-queue', ['-q', queue, '-d'])).trim(), queue)
    const { code, stderr } = await this.run('declare-queue', ['-q', queue])
    assert.notEqual(code, 0, 'the queue was declared again, not durable')
    assert.match(stderr, /406, message: PRECONDITION_FAILED - inequivalent arg 'durable'/)
  }

  async publishesAndGets(): Promise<void> {
    const properties = ['-p', '-C', 'text/plain', '-H', 'case: one']
    await this.must('publish', ['-r', queue, ...properties, '-b', 'first'])
    await this.must('publish', ['-r', queue, ...properties], 'second')
    assert.equal(await this.must('get', ['-q', queue]), 'first')
    assert.equal(await this.must('get', ['-q', queue]), 'second')
    assert.equal((await this.run('get', ['-q', queue])).code, 2, 'the queue is not empty')
  }

  async consumes(): Promise<void> {
    await this.must('publish', ['-r', queue, '-p', '-l'], 'one\ntwo\nthree\n')
    const consume = ['-q', queue, '-c', '3', '-p', '2', 'cat']
    assert.equal(await this.must('consume', consume), 'one\ntwo\nthree\n')
    assert.equal((await this.run('get', ['-q', queue])).code, 2, 'they were not acknowledged')
  }

  /** Through an exchange that is there from the start, to a queue of the consumer's own. */
  async consumesFromExchange(): Promise<void> {
    const own = ['-e', 'amq.fanout', '-r', 'any', '-c', '1', 'cat']
    const consumer = this.run('consume', own)
    let came: Finished | null = null
    const over = consumer.then((finished) => {
      came = finished
    })
    let looking: Promise<unknown> = over
    while (came === null) {
      await this.must('publish', ['-e', 'amq.fanout', '-r', 'any', '-b', 'to all'])
      looking = this.run('get', ['-q', queue])
      await Promise.race([over, looking])
    }
    // It would take what the next check publishes.
    await looking
    assert.deepEqual((await consumer).stdout, 'to all')
  }

  async survives(broker: AmqpBroker): Promise<void> {
    await this.must('publish', ['-r', queue, '-p', '-b', 'kept'])
    await broker.restart()
    assert.equal(await this.must('get', ['-q', queue]), 'kept')
  }

  async deletes(): Promise<void> {
    await this.must('publish', ['-r', queue, '-p', '-l'], 'one\ntwo\n')
    const notEmpty = await this.run('delete-queue', ['-q', queue, '-e'])
    assert.match(notEmpty.stderr, /406, message: PRECONDITION_FAILED - queue '.*' .* not empty/)
    assert.match(await this.must('delete-queue', ['-q', queue]), /^2\b/)
    assert.match(
      (await this.run('get', ['-q', queue])).stderr,
      /404, message: NOT_FOUND - no queue/,
    )
  }

  async refuses(): Promise<void> {
    const url = this.#url.replace('guest:guest', 'guest:wrong')
    const { code, stderr } = await run('amqp-get', ['-u', url, '-q', queue], { timeoutMs })
    assert.notEqual(code, 0)
    assert.match(stderr, /403, message: ACCESS_REFUSED/)
  }
}

export async function runAmqpTools(broker: AmqpBroker, check: Check): Promise<void> {
  if (!(await check('is installed', () => debian('amqp-tools'), 1_200_000))) return
  const tools = new Tools(broker.url)
  await check('declares a queue, and not another of the name', () => tools.declares())
  await check('publishes and gets', () => tools.publishesAndGets())
  await check('consumes with prefetch, each line a message', () => tools.consumes())
  await check('consumes from an exchange with a queue of its own', () =>
    tools.consumesFromExchange(),
  )
  await check(
    'a persistent message is there after a restart',
    () => tools.survives(broker),
    120_000,
  )
  await check('deletes, but not what is not empty if told so', () => tools.deletes())
  await check('is refused with a wrong password', () => tools.refuses())
}
