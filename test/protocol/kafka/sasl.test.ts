// Authentication at the door: what is open before it, the two ways of carrying tokens, and its
// failures.
import assert from 'node:assert/strict'
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import test from 'node:test'
import { SimChance } from '../../../src/io/sim/sim-chance.ts'
import { apiVersions } from '../../../src/protocol/kafka/schema/api-versions.ts'
import { metadata } from '../../../src/protocol/kafka/schema/metadata.ts'
import { saslAuthenticate, saslHandshake } from '../../../src/protocol/kafka/schema/sasl.ts'
import { Credentials } from '../../../src/security/credentials.ts'
import { saslMechanisms } from '../../../src/security/sasl-mechanisms.ts'
import { settled } from './pipe.ts'
import { framed, type TestClient, TestDoor } from './test-door.ts'

const made = Credentials.of([{ user: 'ann', password: 'secret' }], new SimChance(2))
const open = async (mechanisms = saslMechanisms) =>
  TestDoor.open({ sasl: { mechanisms, credentials: await made, failureWords: 'no' } })
const plain = (user: string, password: string, acting = '') =>
  Buffer.from([acting, user, password].join('\0'))

async function token(client: TestClient, authBytes: Uint8Array, version = 2) {
  client.send(saslAuthenticate, version, { authBytes })
  for (let i = 0; i < 500 && client.frames.length === 0; i++)
    await new Promise((resolve) => setTimeout(resolve, 1))
  return client.answer(saslAuthenticate, version)
}

/** The client's side of SCRAM: its last token, made from the server's first. */
function scramFinal(
  hash: string,
  bytes: number,
  bare: string,
  first: string,
  password: string,
  withNonce = (nonce: string) => nonce,
) {
  const [, common = '', salt = '', rounds = ''] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(first) ?? []
  const nonce = withNonce(common)
  const hmac = (key: Uint8Array, text: string) => createHmac(hash, key).update(text).digest()
  const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), Number(rounds), bytes, hash)
  const clientKey = hmac(salted, 'Client Key')
  const withoutProof = `c=biws,r=${nonce}`
  const message = `${bare},${first},${withoutProof}`
  const signature = hmac(createHash(hash).update(clientKey).digest(), message)
  const proof = Buffer.from(clientKey.map((byte, i) => byte ^ (signature[i] ?? 0)))
  const verifier = hmac(hmac(salted, 'Server Key'), message).toString('base64')
  return { last: Buffer.from(`${withoutProof},p=${proof.toString('base64')}`), verifier }
}

test('before authentication only ApiVersions and the handshake are answered', async () => {
  const host = await open()
  const client = host.connect()
  assert.equal((await client.call(apiVersions, 0, {})).errorCode, 0)
  client.send(metadata, 1, { topics: [] })
  await settled()
  assert.ok(client.isClosed)
  const early = host.connect()
  early.send(saslAuthenticate, 2, { authBytes: plain('ann', 'secret') })
  await settled()
  assert.ok(early.isClosed)
})

test('an unknown mechanism is answered with those there are, and a close', async () => {
  const host = await open()
  const client = host.connect()
  const answer = await client.call(saslHandshake, 1, { mechanism: 'GSSAPI' })
  assert.equal(answer.errorCode, 33)
  assert.deepEqual(answer.mechanisms, ['SCRAM-SHA-256', 'SCRAM-SHA-512', 'PLAIN'])
  await settled()
  assert.ok(client.isClosed)
})

test('a mechanism that is not enabled is not offered', async () => {
  const host = await open(['SCRAM-SHA-512'])
  const client = host.connect()
  const answer = await client.call(saslHandshake, 1, { mechanism: 'PLAIN' })
  assert.deepEqual(answer, { errorCode: 33, mechanisms: ['SCRAM-SHA-512'] })
})

test('before authentication a request may be 64 KiB long', async () => {
  const host = await open()
  const client = host.connect()
  await client.call(saslHandshake, 1, { mechanism: 'PLAIN' })
  client.pipe.send(Buffer.from([0, 1, 0, 1]))
  await settled()
  assert.ok(client.isClosed)
})

test('a listener without authentication says ILLEGAL_SASL_STATE', async () => {
  const host = await TestDoor.open()
  const client = host.connect()
  assert.equal((await client.call(saslHandshake, 1, { mechanism: 'PLAIN' })).errorCode, 34)
  const authBytes = plain('ann', 'secret')
  assert.equal((await client.call(saslAuthenticate, 2, { authBytes })).errorCode, 34)
})

test('PLAIN, in every version', async () => {
  const host = await open()
  for (const version of [0, 1, 2]) {
    const client = host.connect()
    await client.call(saslHandshake, 1, { mechanism: 'PLAIN' })
    const answer = await token(client, plain('ann', 'secret'), version)
    assert.equal(answer.errorCode, 0)
    assert.equal((await client.call(metadata, 1, { topics: [] })).controllerId, 7)
    assert.equal((await client.call(saslHandshake, 1, { mechanism: 'PLAIN' })).errorCode, 34)
  }
})

test('PLAIN after a handshake of version 0: tokens are bare frames', async () => {
  const host = await open()
  const client = host.connect()
  await client.call(saslHandshake, 0, { mechanism: 'PLAIN' })
  client.pipe.send(framed(plain('ann', 'secret')))
  for (let i = 0; i < 500 && client.frames.length === 0; i++)
    await new Promise((resolve) => setTimeout(resolve, 1))
  assert.equal(client.frames.shift()?.length, 0)
  assert.equal((await client.call(metadata, 1, { topics: [] })).controllerId, 7)
})

for (const [what, bytes] of [
  ['a wrong password', plain('ann', 'wrong')],
  ['an unknown user', plain('bob', 'secret')],
  ['acting for another', plain('ann', 'secret', 'root')],
  ['too many parts', Buffer.from('\0ann\0secret\0')],
  ['nothing', Buffer.alloc(0)],
] as const)
  test(`PLAIN with ${what} fails with the same words, and the connection closes`, async () => {
    const host = await open()
    const client = host.connect()
    await client.call(saslHandshake, 1, { mechanism: 'PLAIN' })
    const answer = await token(client, bytes)
    assert.equal(answer.errorCode, 58)
    assert.match(answer.errorMessage ?? '', /user name or the password/)
    await settled()
    assert.ok(client.isClosed)
    assert.ok(!JSON.stringify(host.lines).includes('secret'))
  })

for (const [mechanism, hash, bytes] of [
  ['SCRAM-SHA-256', 'sha256', 32],
  ['SCRAM-SHA-512', 'sha512', 64],
] as const) {
  test(`${mechanism}: the server proves itself too`, async () => {
    const host = await open()
    const client = host.connect()
    await client.call(saslHandshake, 1, { mechanism })
    const bare = 'n=ann,r=abcdef'
    const first = await token(client, Buffer.from(`n,,${bare}`))
    const text = Buffer.from(first.authBytes).toString()
    const { last, verifier } = scramFinal(hash, bytes, bare, text, 'secret')
    const final = await token(client, last)
    assert.equal(final.errorCode, 0)
    assert.equal(Buffer.from(final.authBytes).toString(), `v=${verifier}`)
    assert.equal((await client.call(metadata, 1, { topics: [] })).controllerId, 7)
  })

  test(`${mechanism}: a wrong password and an unknown user fail at the same step`, async () => {
    const host = await open()
    for (const [user, password] of [
      ['ann', 'wrong'],
      ['bob', 'secret'],
    ]) {
      const client = host.connect()
      await client.call(saslHandshake, 1, { mechanism })
      const bare = `n=${user},r=abcdef`
      const first = await token(client, Buffer.from(`n,,${bare}`))
      assert.equal(first.errorCode, 0)
      const text = Buffer.from(first.authBytes).toString()
      const { last } = scramFinal(hash, bytes, bare, text, password ?? '')
      assert.equal((await token(client, last)).errorCode, 58)
    }
  })
}

for (const [what, withNonce, errorCode] of [
  ['the nonce of librdkafka before 2.6.1', (nonce: string) => `abcdef${nonce}`, 0],
  ["only the client's nonce", () => 'abcdef', 58],
  ['a nonce with something else in front', (nonce: string) => `abcdeg${nonce}`, 58],
  ['a nonce cut off', (nonce: string) => nonce.slice(0, -1), 58],
] as const)
  test(`SCRAM with ${what}: ${errorCode}`, async () => {
    const host = await open()
    const client = host.connect()
    await client.call(saslHandshake, 1, { mechanism: 'SCRAM-SHA-256' })
    const bare = 'n=ann,r=abcdef'
    const first = await token(client, Buffer.from(`n,,${bare}`))
    const text = Buffer.from(first.authBytes).toString()
    const { last } = scramFinal('sha256', 32, bare, text, 'secret', withNonce)
    assert.equal((await token(client, last)).errorCode, errorCode)
  })

for (const first of [
  'p=tls-unique,,n=ann,r=a',
  'n,,n=a=nn,r=a',
  'n,a=root,n=ann,r=a',
  'n,,r=a',
  '',
])
  test(`SCRAM refuses to begin with '${first}'`, async () => {
    const host = await open()
    const client = host.connect()
    await client.call(saslHandshake, 1, { mechanism: 'SCRAM-SHA-256' })
    assert.equal((await token(client, Buffer.from(first))).errorCode, 58)
  })

test('who does not authenticate in time is closed', async () => {
  const host = await open()
  const client = host.connect()
  await client.call(apiVersions, 0, {})
  await host.clock.advance(13_000)
  assert.ok(client.isClosed)
})
