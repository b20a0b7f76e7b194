// rabbitmqadmin of Debian's rabbitmq-server, which speaks to the management API alone: it declares,
// lists, publishes, gets, exports and imports. What it answers is compared, not only its exit code.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installRabbitmq } from '../../../scripts/peers/rabbitmq.ts'
import { type Finished, mustRun, run } from '../lib/child.ts'
import { eventually } from '../lib/expect.ts'
import type { Check } from '../lib/report.ts'
import type { AmqpBroker } from './broker.ts'

const timeoutMs = 30_000

interface Listed {
  readonly name?: string
  readonly [field: string]: unknown
}

interface Definitions {
  readonly users: readonly Listed[]
  readonly vhosts: readonly Listed[]
  readonly permissions: readonly Listed[]
  readonly queues: readonly Listed[]
  readonly exchanges: readonly Listed[]
  readonly bindings: readonly Listed[]
  readonly policies: readonly Listed[]
}

class Admin {
  readonly #where: readonly string[]

  constructor(broker: AmqpBroker) {
    this.#where = ['-H', '127.0.0.1', '-P', String(broker.managementPort)]
  }

  run(args: readonly string[]): Promise<Finished> {
    return run('rabbitmqadmin', [...this.#where, ...args], { timeoutMs })
  }

  async must(args: readonly string[], input = ''): Promise<string> {
    const options = { timeoutMs, input }
    return (await mustRun('rabbitmqadmin', [...this.#where, ...args], options)).stdout
  }

  async list(what: readonly string[]): Promise<Listed[]> {
    return JSON.parse(await this.must(['-f', 'raw_json', 'list', ...what])) as Listed[]
  }

  /** Fields of the row of that name, or of every row that has them. */
  async row(what: string, name: string, fields: readonly string[]): Promise<Listed> {
    const rows = await this.list([what, 'name', ...fields])
    const found = rows.find((row) => row.name === name)
    assert.ok(found, `${what} have no ${name}`)
    return Object.fromEntries(fields.map((field) => [field, found[field]]))
  }

  async declares(): Promise<void> {
    await this.must(['declare', 'exchange', 'name=admin.in', 'type=topic'])
    const limits = 'arguments={"x-max-length":100}'
    await this.must(['declare', 'queue', 'name=admin.jobs', 'durable=true', limits])
    const ends = ['source=admin.in', 'destination=admin.jobs', 'routing_key=job.#']
    await this.must(['declare', 'binding', ...ends])
    const queue = await this.row('queues', 'admin.jobs', ['durable', 'arguments', 'vhost'])
    assert.deepEqual(queue, { durable: true, arguments: { 'x-max-length': 100 }, vhost: '/' })
    const exchange = await this.row('exchanges', 'admin.in', ['type', 'durable'])
    assert.deepEqual(exchange, { type: 'topic', durable: true })
    const bindings = await this.list(['bindings', 'source', 'destination', 'routing_key'])
    const bound = bindings.filter(({ source }) => source === 'admin.in')
    const expected = { source: 'admin.in', destination: 'admin.jobs', routing_key: 'job.#' }
    assert.deepEqual(bound, [expected])
  }

  async publishesAndGets(): Promise<void> {
    const publish = (key: string, body: string): Promise<string> =>
      this.must(['publish', 'exchange=admin.in', `routing_key=${key}`], body)
    assert.match(await publish('job.one', 'first'), /Message published/)
    await publish('job.two', 'second')
    assert.match(await publish('other', 'lost'), /published but NOT routed/)
    await eventually(async () => {
      const { messages } = await this.row('queues', 'admin.jobs', ['messages'])
      return messages === 2 ? null : `admin.jobs shows ${messages} messages, not 2`
    })
    const get = async (mode: string): Promise<Listed[]> => {
      const args = ['get', 'queue=admin.jobs', 'count=5', `ackmode=${mode}`]
      return JSON.parse(await this.must(['-f', 'raw_json', ...args])) as Listed[]
    }
    const looked = await get('ack_requeue_true')
    assert.deepEqual(
      looked.map(({ payload, routing_key, exchange }) => ({ payload, routing_key, exchange })),
      [
        { payload: 'first', routing_key: 'job.one', exchange: 'admin.in' },
        { payload: 'second', routing_key: 'job.two', exchange: 'admin.in' },
      ],
    )
    const taken = await get('ack_requeue_false')
    assert.deepEqual(
      taken.map(({ payload, redelivered }) => ({ payload, redelivered })),
      [
        { payload: 'first', redelivered: true },
        { payload: 'second', redelivered: true },
      ],
    )
    assert.deepEqual(await get('ack_requeue_false'), [])
  }

  async usersAndVhosts(): Promise<void> {
    await this.must(['declare', 'vhost', 'name=admin'])
    await this.must(['declare', 'user', 'name=alice', 'password=open sesame', 'tags=monitoring'])
    const rights = ['configure=^a', 'write=.*', 'read=']
    await this.must(['declare', 'permission', 'vhost=admin', 'user=alice', ...rights])
    const { tags } = await this.row('users', 'alice', ['tags'])
    assert.match(String(tags), /monitoring/)
    const permissions = await this.list(['permissions', 'user', 'vhost', 'configure', 'read'])
    assert.deepEqual(
      permissions.filter(({ user }) => user === 'alice'),
      [{ user: 'alice', vhost: 'admin', configure: '^a', read: '' }],
    )
    const policy = ['name=short', 'pattern=^admin', 'definition={"max-length":5}']
    await this.must(['declare', 'policy', ...policy, 'apply-to=queues'])
    const { definition } = await this.row('policies', 'short', ['definition'])
    assert.deepEqual(definition, { 'max-length': 5 })
    const refused = await this.run(['-u', 'alice', '-p', 'wrong', 'list', 'queues'])
    assert.notEqual(refused.code, 0)
    assert.match(`${refused.stdout}${refused.stderr}`, /Access refused|401/)
  }

  /** All of it goes out to a file, is deleted, and comes back from the file. */
  async exportsAndImports(): Promise<void> {
    const dir = mkdtempSync(join(tmpdir(), 'definitions-'))
    const file = join(dir, 'definitions.json')
    try {
      await this.must(['export', file])
      const exported = JSON.parse(readFileSync(file, 'utf8')) as Definitions
      const names = (rows: readonly Listed[]): unknown[] => rows.map(({ name }) => name)
      assert.ok(names(exported.queues).includes('admin.jobs'))
      assert.ok(names(exported.exchanges).includes('admin.in'))
      assert.ok(names(exported.users).includes('alice'))
      assert.ok(names(exported.vhosts).includes('admin'))
      assert.ok(names(exported.policies).includes('short'))
      await this.must(['delete', 'queue', 'name=admin.jobs'])
      await this.must(['delete', 'exchange', 'name=admin.in'])
      await this.must(['delete', 'user', 'name=alice'])
      await this.must(['delete', 'policy', 'name=short'])
      await this.must(['delete', 'vhost', 'name=admin'])
      assert.ok(!names(await this.list(['queues', 'name'])).includes('admin.jobs'))
      assert.ok(!names(await this.list(['users', 'name'])).includes('alice'))
      writeFileSync(file, JSON.stringify(exported))
      await this.must(['import', file])
      const queue = await this.row('queues', 'admin.jobs', ['arguments'])
      assert.deepEqual(queue, { arguments: { 'x-max-length': 100 } })
      const bindings = await this.list(['bindings', 'source', 'destination'])
      assert.ok(bindings.some(({ source }) => source === 'admin.in'))
      const login = ['-u', 'alice', '-p', 'open sesame']
      assert.match(await this.must([...login, '-f', 'tsv', 'show', 'overview']), /rabbitmq_version/)
    } finally {
      rmSync(dir, { recursive: true })
    }
  }

  async purgesAndCloses(): Promise<void> {
    await this.must(['publish', 'routing_key=admin.jobs', 'payload=left'])
    await this.must(['purge', 'queue', 'name=admin.jobs'])
    const get = ['-f', 'raw_json', 'get', 'queue=admin.jobs']
    assert.deepEqual(JSON.parse(await this.must(get)), [])
    for (const what of ['connections', 'channels', 'consumers', 'nodes']) await this.list([what])
    const missing = await this.run(['delete', 'queue', 'name=admin.nothing'])
    assert.notEqual(missing.code, 0)
    assert.match(`${missing.stdout}${missing.stderr}`, /404|Not Found/i)
  }
}

export async function runRabbitmqadmin(broker: AmqpBroker, check: Check): Promise<void> {
  if (!(await check('is installed', installRabbitmq, 1_200_000))) return
  const admin = new Admin(broker)
  await check('declares an exchange, a queue and a binding, and lists them', () => admin.declares())
  await check('publishes, looks, takes', () => admin.publishesAndGets())
  await check('declares virtual hosts, users, permissions and policies', () =>
    admin.usersAndVhosts(),
  )
  await check('exports all, deletes it, imports it', () => admin.exportsAndImports())
  await check('purges, lists what is connected, is told what is not there', () =>
    admin.purgesAndCloses(),
  )
}
