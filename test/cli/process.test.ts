// The built command as a process: ready, signals, and the exit codes of starts that cannot be.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import test from 'node:test'
import kafkajs from 'kafkajs'

const main = join('build', 'src', 'main.js')

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function polymq(...args: string[]): ChildProcess {
  const env = { LANG: 'C' }
  return spawn(process.execPath, [main, 'start', ...args], { env })
}

async function ended(child: ChildProcess): Promise<Ended> {
  assert.ok(child.stdout && child.stderr)
  const texts = Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = (await once(child, 'exit')) as [number | null]
  const [out, err] = await texts
  return { code, out, err }
}

/** Waits for the first bytes on standard output. */
async function firstOutput(child: ChildProcess): Promise<string> {
  assert.ok(child.stdout)
  const [bytes] = (await once(child.stdout, 'data')) as [Buffer]
  return bytes.toString()
}

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'polymq-cli-'))
  try {
    await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const refusal = /^polymq: [^\n]+\n$/
const anyPort = ['--listen', 'kafka=127.0.0.1:0']

test('ready line, a folder in use, and a drain by SIGTERM', () =>
  withFolder(async (folder) => {
    const data = ['--data', join(folder, 'data')]
    const first = polymq('--json', ...data, ...anyPort, '--listen', 'metrics=127.0.0.1:0')
    try {
      const firstEnd = ended(first)
      const ready = JSON.parse(await firstOutput(first))
      assert.equal(ready.event, 'ready')
      assert.equal(ready.pid, first.pid)
      assert.match(ready.listeners.kafka, /^127\.0\.0\.1:\d+$/)
      const health = await fetch(`http://${ready.listeners.metrics}/readyz`)
      assert.equal(await health.text(), 'ok\n')

      const second = await ended(polymq(...data, ...anyPort))
      assert.equal(second.code, 2)
      assert.match(second.err, refusal)
      assert.match(second.err, new RegExp(`process ${first.pid}`))

      first.kill('SIGTERM')
      const end = await firstEnd
      assert.equal(end.code, 0, end.err)
      assert.equal(end.out, `${JSON.stringify(ready)}\n`, 'one line on standard output')
      for (const line of end.err.trim().split('\n')) assert.ok(JSON.parse(line).message)
    } finally {
      first.kill('SIGKILL')
    }
  }))

/**
 * Sends records one after another until the broker refuses; answers the acknowledged ones. Calls
 * `isUnderWay` after the first hundred batches.
 */
async function produceUntilClosed(address: string, isUnderWay: () => void): Promise<string[]> {
  const { NOTHING } = kafkajs.logLevel
  const kafka = new kafkajs.Kafka({ brokers: [address], logLevel: NOTHING, retry: { retries: 0 } })
  const producer = kafka.producer()
  await producer.connect()
  const acknowledged: string[] = []
  for (let i = 0; ; i++) {
    const messages = Array.from({ length: 20 }, (_, n) => ({ value: `${i} ${n}` }))
    const sent = await producer.send({ topic: 't', messages }).catch(() => null)
    if (sent === null) break
    acknowledged.push(...messages.map(({ value }) => value))
    if (i === 100) isUnderWay()
  }
  await producer.disconnect()
  return acknowledged
}

async function readAll(address: string, count: number): Promise<Set<string>> {
  const { NOTHING } = kafkajs.logLevel
  const kafka = new kafkajs.Kafka({ brokers: [address], logLevel: NOTHING })
  const consumer = kafka.consumer({ groupId: 'all', maxWaitTimeInMs: 100 })
  await consumer.connect()
  await consumer.subscribe({ topic: 't', fromBeginning: true })
  const values = new Set<string>()
  await new Promise<void>((resolve, reject) => {
    const eachMessage = async ({ message }: { message: { value: Buffer | null } }) => {
      values.add(String(message.value))
      if (values.size >= count) resolve()
    }
    consumer.run({ eachMessage }).catch(reject)
  })
  await consumer.disconnect()
  return values
}

test('SIGTERM under load: exit code 0, and every acknowledged record is there after', () =>
  withFolder(async (folder) => {
    const args = ['--json', '--data', join(folder, 'data'), ...anyPort]
    const delay = ['--set', 'group.initial.rebalance.delay.ms=0']
    const first = polymq(...args)
    const firstEnd = ended(first)
    const { kafka: address } = JSON.parse(await firstOutput(first)).listeners
    // Twice, as where both npm and the node get it and npm hands its own on.
    const stop = (): boolean => first.kill('SIGTERM') && first.kill('SIGTERM')
    const acknowledged = await produceUntilClosed(address, stop)
    assert.equal((await firstEnd).code, 0)

    const second = polymq(...args, ...delay)
    const secondEnd = ended(second)
    const { kafka } = JSON.parse(await firstOutput(second)).listeners
    const stored = await readAll(kafka, acknowledged.length)
    second.kill('SIGINT')
    assert.equal((await secondEnd).code, 0, 'SIGINT drains too')
    for (const value of acknowledged) assert.ok(stored.has(value), value)
  }))

test('a data folder of a later release: one line, exit code 2', () =>
  withFolder(async (folder) => {
    writeFileSync(join(folder, 'format'), 'polymq data format 99\n')
    const end = await ended(polymq('--data', folder, ...anyPort))
    assert.equal(end.code, 2)
    assert.match(end.err, refusal)
    assert.match(end.err, /was not written by this release: it has format 99/)
  }))

test('a listener that anybody can reach is warned of, unless there are users', () =>
  withFolder(async (folder) => {
    const users = join(folder, 'users')
    writeFileSync(users, 'alice=secret\n')
    const warning = /whoever reaches 0\.0\.0\.0:\d+ may read and write/
    for (const [args, isWarned] of [
      [[], true],
      [['--set', `polymq.users.file=${users}`], false],
    ] as const) {
      const child = polymq('--memory', '--listen', 'kafka=0.0.0.0:0', ...args)
      const end = ended(child)
      await firstOutput(child)
      child.kill('SIGTERM')
      const { code, err } = await end
      assert.equal(code, 0)
      assert.equal(warning.test(err), isWarned, err)
    }
  }))

test('a port in use: one line, exit code 2', async () => {
  const holder = createServer().listen(0, '127.0.0.1')
  await once(holder, 'listening')
  const address = holder.address()
  assert.ok(address && typeof address === 'object')
  const end = await ended(polymq('--memory', '--listen', `kafka=127.0.0.1:${address.port}`))
  holder.close()
  assert.equal(end.code, 2)
  assert.match(end.err, refusal)
  assert.match(end.err, new RegExp(`127.0.0.1:${address.port} is in use`))
})

test('a data folder that is a file: one line, exit code 2', () =>
  withFolder(async (folder) => {
    const file = join(folder, 'data')
    writeFileSync(file, '')
    const end = await ended(polymq('--data', file, ...anyPort))
    assert.equal(end.code, 2)
    assert.match(end.err, refusal)
    assert.match(end.err, /is not a folder/)
  }))

test(
  'npm that started us is gone: drained, as by a signal',
  { skip: process.platform === 'win32' },
  () =>
    withFolder(async (folder) => {
      const command = `"$0" ${main} start --data "$1" ${anyPort.join(' ')} & wait`
      const env = { ...process.env, LANG: 'C', npm_lifecycle_event: 'start' }
      const shell = spawn('sh', ['-c', command, process.execPath, folder], { env })
      assert.ok(shell.stdout && shell.stderr)
      const out = text(shell.stdout)
      const err = text(shell.stderr)
      await firstOutput(shell)
      shell.kill('SIGTERM')
      await once(shell, 'exit')
      assert.match(await out, /polymq/i)
      assert.match(await err, /stopping.*\n.*stopped/)
    }),
)
