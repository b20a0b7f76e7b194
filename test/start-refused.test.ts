// A start that something outside of the data stops leaves the folder of the data as it was.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { BadSettingError, startBroker } from '../src/start-broker.ts'

const local = { host: '127.0.0.1', port: 0 }

/** Contents by path, of what says anything; a torn tail is on the manifest. */
function filesIn(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => !name.startsWith('LOCK') && statSync(join(folder, name)).isFile(),
  )
  return new Map(files.map((name) => [name, readFileSync(join(folder, name), 'latin1')]))
}

async function withFolder(use: (folder: string, dataDir: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'polymq-refused-'))
  try {
    await use(folder, join(folder, 'data'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** A folder that a node has used, with the end of a write that never finished. */
async function used(dataDir: string): Promise<Map<string, string>> {
  await (await startBroker({ dataDir, listen: { amqp: local } })).close()
  writeFileSync(join(dataDir, 'manifest'), 'torn', { flag: 'a' })
  return filesIn(dataDir)
}

test('definitions of which one cannot be taken in', () =>
  withFolder(async (folder, dataDir) => {
    const before = await used(dataDir)
    const file = join(folder, 'definitions.json')
    const config = { 'polymq.definitions.file': file }
    const queue = { name: 'q', durable: true, auto_delete: false, arguments: {} }
    const vhosts = [{ name: 'made' }]
    const start = () => startBroker({ dataDir, listen: { amqp: local }, config })
    writeFileSync(file, JSON.stringify({ vhosts, queues: [{ ...queue, vhost: 'nowhere' }] }))
    await assert.rejects(start(), (error) => {
      assert.ok(error instanceof BadSettingError)
      assert.match(error.message, /nowhere/)
      return true
    })
    assert.deepEqual(filesIn(dataDir), before)
    writeFileSync(file, JSON.stringify({ vhosts, queues: [{ ...queue, vhost: 'made' }] }))
    await (await start()).close()
    // What is there already counts.
    writeFileSync(file, JSON.stringify({ queues: [{ ...queue, vhost: 'made' }] }))
    await (await start()).close()
  }))

test('an address that is taken, or twice the same', () =>
  withFolder(async (folder, dataDir) => {
    const before = await used(dataDir)
    const holder = createServer()
    await new Promise<void>((listening) => holder.listen(0, '127.0.0.1', listening))
    const taken = holder.address()
    assert.ok(taken !== null && typeof taken === 'object')
    const at = { host: '127.0.0.1', port: taken.port }
    try {
      await assert.rejects(startBroker({ dataDir, listen: { amqp: local, http: at } }), {
        code: 'EADDRINUSE',
      })
      await assert.rejects(
        startBroker({ dataDir, listen: { amqp: at, http: at } }),
        /amqp and http are both to listen on/,
      )
      const nowhere = join(folder, 'new')
      await assert.rejects(startBroker({ dataDir: nowhere, listen: { http: at } }))
      assert.throws(() => readdirSync(nowhere), /ENOENT/)
    } finally {
      holder.close()
    }
    assert.deepEqual(filesIn(dataDir), before)
  }))
