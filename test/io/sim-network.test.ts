import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Listener } from '../../src/io/network.ts'
import { SimChance } from '../../src/io/sim/sim-chance.ts'
import { SimClock } from '../../src/io/sim/sim-clock.ts'
import { SimNetwork, type SimNetworkOptions } from '../../src/io/sim/sim-network.ts'
import { networkCases, type Peer } from '../contract/network.ts'

const simNetwork = (seed: number, options?: SimNetworkOptions): SimNetwork =>
  new SimNetwork(new SimClock(), new SimChance(seed), options)

async function connect(network: SimNetwork, to: Listener): Promise<Peer> {
  const chunks: Uint8Array[] = []
  const into = new Uint8Array(65536)
  let wake = (): void => undefined
  let close = (): void => undefined
  const closed = new Promise<void>((resolve) => {
    close = resolve
  })
  const connection = network.connect(to.address, () => ({
    readInto: () => into,
    received(bytes) {
      chunks.push(into.slice(0, bytes))
      wake()
    },
    closed: () => close(),
  }))
  assert.ok(connection)
  return {
    send: (bytes) => connection.write([bytes]),
    async got(count) {
      for (;;) {
        const all = Buffer.concat(chunks)
        if (all.length >= count) return new Uint8Array(all)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    closed,
    end: () => connection.end(),
    reset: () => connection.destroy(),
  }
}

describe('simulated network', () => {
  for (const { name, run } of networkCases)
    test(name, async () => {
      const network = simNetwork(1)
      const rig = { network, connect: (to: Listener) => connect(network, to) }
      await network.clock.runUntil(run(rig))
    })

  test('one write comes in pieces of many sizes, and several may come joined', async () => {
    const sizes = new Set<number>()
    for (let seed = 0; seed < 20; seed++) {
      const network = simNetwork(seed, { pieceBytesMax: 64 })
      const into = new Uint8Array(100)
      let received = 0
      const listener = await network.listen({ host: '127.0.0.1', port: 0 }, () => ({
        readInto: () => into,
        received(bytes) {
          sizes.add(bytes)
          received += bytes
        },
        closed: () => undefined,
      }))
      const peer = await connect(network, listener)
      for (let i = 0; i < 20; i++) peer.send(new Uint8Array(10))
      await network.clock.run()
      assert.equal(received, 200)
    }
    assert.ok(sizes.has(1) && [...sizes].some((size) => size > 10))
  })

  test('a paused reader stops the writer: back-pressure', async () => {
    const network = simNetwork(2)
    const listener = await network.listen({ host: '127.0.0.1', port: 0 }, (connection) => {
      connection.pause()
      return {
        readInto: () => new Uint8Array(10),
        received: () => assert.fail(),
        closed: () => undefined,
      }
    })
    const idle = {
      readInto: () => new Uint8Array(1),
      received: () => assert.fail(),
      closed: () => undefined,
    }
    const client = network.connect(listener.address, () => idle)
    assert.ok(client)
    client.write([new Uint8Array(1 << 20)])
    await network.clock.run()
    assert.equal(client.unsentBytes, (1 << 20) - 65536)
  })

  test('resets happen; both sides hear of it once', async () => {
    const reasons: string[] = []
    const network = simNetwork(3, { resetOneIn: 2 })
    const handler = {
      readInto: () => new Uint8Array(10),
      received: () => undefined,
      closed: (reason: string) => void reasons.push(reason),
    }
    const listener = await network.listen({ host: '127.0.0.1', port: 0 }, () => handler)
    network.connect(listener.address, () => handler)?.write([new Uint8Array(1 << 20)])
    await network.clock.run()
    assert.deepEqual(reasons.sort(), ['closed', 'reset'])
    await listener.close()
    assert.equal(
      network.connect(listener.address, () => handler),
      null,
    )
  })
})
