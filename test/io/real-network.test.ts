import assert from 'node:assert/strict'
import net from 'node:net'
import { describe, test } from 'node:test'
import type { Connection, Listener } from '../../src/io/network.ts'
import { realNetwork } from '../../src/io/real/network.ts'
import { networkCases, type Peer } from '../contract/network.ts'

function connect(to: Listener, host = '127.0.0.1'): Promise<Peer> {
  const socket = net.connect({ host, port: to.address.port, noDelay: true })
  const chunks: Buffer[] = []
  let wake = (): void => undefined
  socket.on('data', (chunk) => {
    chunks.push(chunk)
    wake()
  })
  socket.on('error', () => undefined)
  const peer: Peer = {
    send: (bytes) => void socket.write(bytes),
    async got(count) {
      for (;;) {
        const all = Buffer.concat(chunks)
        if (all.length >= count) return new Uint8Array(all)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    closed: new Promise((resolve) => socket.once('close', () => resolve())),
    end: () => void socket.end(),
    reset: () => void socket.resetAndDestroy(),
  }
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(peer))
    socket.once('error', reject)
  })
}

for (const copyReads of [false, true])
  describe(`real network, ${copyReads ? 'copying' : 'reading in place'}`, () => {
    for (const { name, run } of networkCases)
      test(name, () => run({ network: realNetwork({ copyReads }), connect }))
  })

test('bytes are placed in the memory of the handler', async () => {
  const memory = new Uint8Array(1 << 16)
  let received = 0
  let wake = (): void => undefined
  const listener = await realNetwork().listen({ host: '127.0.0.1', port: 0 }, () => ({
    readInto: () => memory.subarray(received),
    received(bytes) {
      received += bytes
      wake()
    },
    closed: () => undefined,
  }))
  const peer = await connect(listener)
  for (let i = 1; i <= 5; i++) {
    peer.send(Uint8Array.of(i))
    await new Promise<void>((resolve) => {
      wake = resolve
    })
  }
  assert.deepEqual([...memory.subarray(0, 6)], [1, 2, 3, 4, 5, 0])
  peer.end()
  await peer.closed
  await listener.close()
})

test('unsent bytes tell that the peer takes some of a write', async () => {
  let link: Connection | undefined
  const listener = await realNetwork().listen({ host: '127.0.0.1', port: 0 }, (connection) => {
    link = connection
    return { readInto: () => new Uint8Array(1), received: () => undefined, closed: () => undefined }
  })
  const socket = net.connect({ host: '127.0.0.1', port: listener.address.port })
  await new Promise((resolve) => socket.once('connect', resolve))
  while (link === undefined) await new Promise((resolve) => setImmediate(resolve))
  // More than the system takes without a reader.
  const sent = Buffer.alloc(32 << 20)
  const taken = new Promise<void>((done) => link?.write([sent], done))
  const seen: number[] = []
  let got = 0
  await new Promise<void>((resolve) => {
    socket.on('data', (chunk) => {
      got += chunk.length
      seen.push(link?.unsentBytes ?? 0)
      if (got === sent.length) resolve()
    })
  })
  assert.ok(seen.every((bytes, i) => bytes <= (seen[i - 1] ?? sent.length)))
  assert.ok(new Set(seen).size > 3, `it was ${[...new Set(seen)]}`)
  await taken
  assert.equal(link.unsentBytes, 0)
  socket.destroy()
  await listener.close()
})

test('localhost listens on every loopback address with one port', async () => {
  const listener = await realNetwork().listen({ host: 'localhost', port: 0 }, () => null)
  await (await connect(listener)).closed
  const v6 = await connect(listener, '::1').catch((error: NodeJS.ErrnoException) => error)
  if (v6 instanceof Error) assert.ok(['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(v6.code ?? ''))
  else await v6.closed
  await listener.close()
})
