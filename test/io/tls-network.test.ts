import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import tls from 'node:tls'
import { root } from '../../scripts/peers/root.ts'
import type { Connection, Listener } from '../../src/io/network.ts'
import { realNetwork, TlsFilesError, type TlsOptions } from '../../src/io/real/network.ts'

const file = (name: string): Buffer => readFileSync(join(root, 'test/io/certificates', name))

const options: TlsOptions = {
  certificate: file('server.pem'),
  key: file('server.key'),
  ca: file('ca.pem'),
  clientCertificate: 'requested',
}

/** Answers each connection with the name that its certificate gave, and closes it. */
function listen(wanted: TlsOptions): Promise<Listener> {
  return realNetwork({ tls: wanted }).listen({ host: '127.0.0.1', port: 0 }, (link: Connection) => {
    const memory = new Uint8Array(64)
    return {
      readInto: () => memory,
      received: () => {
        link.write([Buffer.from(`you are ${link.certificateName ?? 'nobody'}`)])
        link.end()
      },
      closed: () => undefined,
    }
  })
}

function ask(listener: Listener, client: tls.ConnectionOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const { port } = listener.address
    const socket = tls.connect({ host: '127.0.0.1', port, ca: file('ca.pem'), ...client }, () =>
      socket.write('who?'),
    )
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(text))
  })
}

const alice = { cert: file('client.pem'), key: file('client.key') }

test('a client is known by the common name of a certificate that was verified', async () => {
  const listener = await listen(options)
  assert.equal(await ask(listener, alice), 'you are alice')
  assert.equal(await ask(listener, {}), 'you are nobody')
  await listener.close()
})

test('where a certificate is required, nobody comes in without', async () => {
  const listener = await listen({ ...options, clientCertificate: 'required' })
  assert.equal(await ask(listener, alice), 'you are alice')
  const answer = await ask(listener, {}).catch((error: NodeJS.ErrnoException) => error.code)
  assert.notEqual(answer, 'you are nobody')
  await listener.close()
})

test('files that are no certificates are refused when the listener is made', () => {
  const bad = { ...options, key: Buffer.from('not a key') }
  assert.throws(() => realNetwork({ tls: bad }), TlsFilesError)
})
