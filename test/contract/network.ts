// What every Network must do, run on the real one (both ways to receive) and the simulated one. The
// other end of each connection is a Peer, which the suite's owner makes.
import assert from 'node:assert/strict'
import type { Connection, ConnectionHandler, Listener, Network } from '../../src/io/network.ts'

/** A client: sends bytes, and gathers what it gets until the connection is closed. */
export interface Peer {
  send(bytes: Uint8Array): void
  /** Resolves when `count` bytes have come in all. */
  got(count: number): Promise<Uint8Array>
  /** Resolves when the connection is closed, either way. */
  closed: Promise<void>
  end(): void
  reset(): void
}

export interface NetworkRig {
  readonly network: Network
  connect(to: Listener): Promise<Peer>
}

export interface NetworkCase {
  readonly name: string
  run(rig: NetworkRig): Promise<void>
}

/** A handler that keeps what it gets and lets a test wait for it. */
class Collector implements ConnectionHandler {
  readonly connection: Connection
  readonly closing: Promise<string>
  readonly reasons: string[] = []
  #bytes: number[] = []
  #into: Uint8Array
  #wake = (): void => undefined
  #closed: (reason: string) => void = () => undefined
  onReceived: (all: number) => void = () => undefined

  constructor(connection: Connection, roomBytes: number) {
    this.connection = connection
    this.#into = new Uint8Array(roomBytes)
    this.closing = new Promise((resolve) => {
      this.#closed = resolve
    })
  }

  readInto(): Uint8Array {
    return this.#into
  }

  received(bytes: number): void {
    assert.ok(bytes > 0 && bytes <= this.#into.length)
    for (const byte of this.#into.subarray(0, bytes)) this.#bytes.push(byte)
    this.#into = new Uint8Array(this.#into.length)
    this.onReceived(this.#bytes.length)
    this.#wake()
  }

  closed(reason: string): void {
    this.reasons.push(reason)
    this.#closed(reason)
  }

  get count(): number {
    return this.#bytes.length
  }

  async got(count: number): Promise<Uint8Array> {
    while (this.#bytes.length < count)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    return Uint8Array.from(this.#bytes)
  }
}

const pattern = (bytes: number): Uint8Array => Uint8Array.from({ length: bytes }, (_, i) => i % 251)

interface Pair {
  readonly peer: Peer
  readonly side: Collector
}

/** One listener, one connection, both ends. */
async function pair(rig: NetworkRig, roomBytes: number, run: (pair: Pair) => Promise<void>) {
  let accepted: (side: Collector) => void = () => undefined
  const arrival = new Promise<Collector>((resolve) => {
    accepted = resolve
  })
  const listener = await rig.network.listen({ host: '127.0.0.1', port: 0 }, (connection) => {
    const side = new Collector(connection, roomBytes)
    accepted(side)
    return side
  })
  const peer = await rig.connect(listener)
  const side = await arrival
  await run({ peer, side })
  side.connection.destroy()
  await Promise.all([peer.closed, side.closing])
  assert.equal(side.reasons.length, 1)
  await listener.close()
}

const receiving: NetworkCase[] = [
  {
    name: 'bytes arrive whole and in order, whatever room the handler has',
    async run(rig) {
      for (const roomBytes of [1, 7, 4096, 1 << 20])
        await pair(rig, roomBytes, async ({ peer, side }) => {
          const sent = pattern(20000)
          peer.send(sent.subarray(0, 5))
          await side.got(5)
          peer.send(sent.subarray(5))
          assert.deepEqual(await side.got(20000), sent)
        })
    },
  },
  {
    name: 'a handler that pauses gets nothing until it resumes, and then everything',
    async run(rig) {
      await pair(rig, 100, async ({ peer, side }) => {
        const sent = pattern(30000)
        const paused = new Promise<void>((resolve) => {
          side.onReceived = (all) => {
            if (all < 250) return
            side.onReceived = () => undefined
            side.connection.pause()
            resolve()
          }
        })
        peer.send(sent)
        await paused
        const before = side.count
        // A full round trip the other way: nothing else may have come meanwhile.
        side.connection.write([pattern(3)])
        await peer.got(3)
        assert.equal(side.count, before)
        side.connection.resume()
        assert.deepEqual(await side.got(30000), sent)
      })
    },
  },
  {
    name: 'the peer ends or resets: closed is called once',
    async run(rig) {
      for (const leave of ['end', 'reset'] as const)
        await pair(rig, 100, async ({ peer, side }) => {
          peer.send(pattern(10))
          await side.got(10)
          peer[leave]()
          await side.closing
        })
    },
  },
]

const sending: NetworkCase[] = [
  {
    name: 'writes arrive in order, done is called once each, in order, and nothing stays unsent',
    async run(rig) {
      await pair(rig, 100, async ({ peer, side }) => {
        const sent = pattern(9000)
        const done: number[] = []
        const all = new Promise<void>((resolve) => {
          for (let i = 0; i < 9; i++) {
            const part = sent.subarray(i * 1000, i * 1000 + 1000)
            side.connection.write([part.subarray(0, 1), part.subarray(1)], () => {
              done.push(i)
              if (i === 8) resolve()
            })
          }
          side.connection.write([])
        })
        assert.equal(side.connection.unsentBytes, 9000)
        assert.deepEqual(await peer.got(9000), sent)
        await all
        assert.deepEqual(done, [0, 1, 2, 3, 4, 5, 6, 7, 8])
        assert.equal(side.connection.unsentBytes, 0)
      })
    },
  },
  {
    name: 'end sends what is queued, then closes',
    async run(rig) {
      await pair(rig, 100, async ({ peer, side }) => {
        side.connection.write([pattern(5000)])
        side.connection.end()
        peer.send(pattern(100))
        await peer.closed
        assert.deepEqual(await peer.got(5000), pattern(5000))
        await side.closing
        assert.equal(side.count, 0)
      })
    },
  },
  {
    name: 'destroy calls every done, in order, also of writes that come later',
    async run(rig) {
      await pair(rig, 100, async ({ side }) => {
        const done: string[] = []
        side.connection.write([new Uint8Array(50 << 20)], () => done.push('large'))
        side.connection.write([pattern(1)], () => done.push('small'))
        side.connection.destroy()
        side.connection.write([pattern(1)], () => done.push('after destroy'))
        await side.closing
        await new Promise<void>((resolve) => side.connection.write([pattern(1)], resolve))
        assert.deepEqual(done, ['large', 'small', 'after destroy'])
        assert.equal(side.connection.unsentBytes, 0)
      })
    },
  },
]

const listening: NetworkCase[] = [
  {
    name: 'null refuses a connection; others live on',
    async run(rig) {
      let accepted: ((side: Collector) => void) | null = null
      const listener = await rig.network.listen({ host: '127.0.0.1', port: 0 }, (connection) => {
        if (!accepted) return null
        const side = new Collector(connection, 10)
        accepted(side)
        return side
      })
      await (await rig.connect(listener)).closed
      const arrival = new Promise<Collector>((resolve) => {
        accepted = resolve
      })
      const peer = await rig.connect(listener)
      const side = await arrival
      await listener.close()
      peer.send(pattern(2))
      await side.got(2)
      peer.end()
      await side.closing
    },
  },
  {
    name: 'a port that is taken is EADDRINUSE, and free again after close',
    async run({ network }) {
      const first = await network.listen({ host: '127.0.0.1', port: 0 }, () => null)
      await assert.rejects(
        network.listen(first.address, () => null),
        { code: 'EADDRINUSE' },
      )
      await first.close()
      await (await network.listen(first.address, () => null)).close()
    },
  },
]

export const networkCases: readonly NetworkCase[] = [...receiving, ...sending, ...listening]
