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
      assert.match(second.err, new RegExp(`in use by process ${first.pid}`))

      first.kill('SIGTERM')
      const end = await firstEnd
      assert.equal(end.code, 0, end.err)
      for (const line of end.err.trim().split('\n')) assert.ok(JSON.parse(line).message)
    } finally {
      first.kill('SIGKILL')
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
