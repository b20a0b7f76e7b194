// The AMQP listeners as their users start them: logins by password and by certificate, and
// settings that cannot work.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import amqplib from 'amqplib'
import { root } from '../scripts/peers/root.ts'
import { BadSettingError, type RunningBroker, startBroker } from '../src/start-broker.ts'

const certificates = join(root, 'test/io/certificates')
const pem = (name: string): Buffer => readFileSync(join(certificates, name))
const tls = {
  'polymq.tls.certificate.file': join(certificates, 'server.pem'),
  'polymq.tls.key.file': join(certificates, 'server.key'),
  'polymq.tls.ca.file': join(certificates, 'ca.pem'),
}
const local = { host: '127.0.0.1', port: 0 }

async function withBroker(
  config: Readonly<Record<string, string>>,
  use: (broker: RunningBroker) => Promise<void>,
): Promise<void> {
  const broker = await startBroker({ dataDir: null, listen: { amqp: local, amqps: local }, config })
  try {
    await use(broker)
  } finally {
    await broker.close()
  }
}

const secure = ({ addresses }: RunningBroker, login = ''): string =>
  `amqps://${login}127.0.0.1:${addresses.amqps?.port}`

/** Whether a client comes in, and can declare. */
async function comesIn(url: string, options: object): Promise<boolean> {
  try {
    const connection = await amqplib.connect(url, options)
    const channel = await connection.createChannel()
    await channel.assertQueue('', { exclusive: true })
    await connection.close()
    return true
  } catch {
    return false
  }
}

test('over TLS, by password', () =>
  withBroker(tls, async (broker) => {
    const ca = [pem('ca.pem')]
    assert.equal(await comesIn(secure(broker, 'guest:guest@'), { ca }), true)
    assert.equal(await comesIn(secure(broker, 'guest:wrong@'), { ca }), false)
    assert.equal(await comesIn(secure(broker, 'guest:guest@'), {}), false)
  }))

/** The user that the certificate of the tests names, without a password. */
const alice = {
  users: [{ name: 'alice', password_hash: '', tags: [] }],
  permissions: [{ user: 'alice', vhost: '/', configure: '.*', write: '.*', read: '.*' }],
}

test('over TLS, by the certificate whose common name is a user', async () => {
  const credentials = amqplib.credentials.external()
  const shown = { ca: [pem('ca.pem')], cert: pem('client.pem'), key: pem('client.key') }
  const requested = { ...tls, 'polymq.tls.client.certificate': 'requested' }
  const folder = mkdtempSync(join(tmpdir(), 'polymq-definitions-'))
  const file = join(folder, 'definitions.json')
  writeFileSync(file, JSON.stringify(alice))
  try {
    await withBroker({ ...requested, 'polymq.definitions.file': file }, async (broker) => {
      assert.equal(await comesIn(secure(broker), { ...shown, credentials }), true)
      assert.equal(await comesIn(secure(broker), { ca: shown.ca, credentials }), false)
      assert.equal(await comesIn(secure(broker, 'alice:@'), shown), false)
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
  await withBroker(requested, async (broker) => {
    // The certificate says alice, and there is no such user.
    assert.equal(await comesIn(secure(broker), { ...shown, credentials }), false)
    assert.equal(await comesIn(secure(broker, 'guest:guest@'), shown), true)
    assert.equal(await comesIn(secure(broker), { ca: shown.ca, credentials }), false)
  })
})

test('a listener with TLS needs files that can be used', async () => {
  const rejected = (config: Readonly<Record<string, string>>, words: RegExp): Promise<void> =>
    assert.rejects(startBroker({ dataDir: null, listen: { amqps: local }, config }), (error) => {
      assert.ok(error instanceof BadSettingError)
      assert.match(error.message, words)
      return true
    })
  await rejected({}, /amqps needs polymq\.tls\.certificate\.file/)
  await rejected({ ...tls, 'polymq.tls.key.file': '/none' }, /there is no file \/none/)
  const swapped = { ...tls, 'polymq.tls.key.file': tls['polymq.tls.certificate.file'] }
  await rejected(swapped, /tls\.key\.file: .* but a certificate/)
})

test('clients are told the name that people gave the cluster', async () => {
  const broker = await startBroker({ dataDir: null, listen: { amqp: local, http: local } })
  const { amqp, http } = broker.addresses
  const told = async (): Promise<unknown> => {
    const connection = await amqplib.connect(`amqp://127.0.0.1:${amqp?.port}`)
    await connection.close()
    return connection.connection.serverProperties['cluster_name']
  }
  try {
    assert.notEqual(await told(), 'warehouse')
    const authorization = `Basic ${Buffer.from('guest:guest').toString('base64')}`
    const named = await fetch(`http://127.0.0.1:${http?.port}/api/cluster-name`, {
      method: 'PUT',
      headers: { authorization },
      body: '{"name":"warehouse"}',
    })
    assert.equal(named.status, 204)
    assert.equal(await told(), 'warehouse')
  } finally {
    await broker.close()
  }
})
