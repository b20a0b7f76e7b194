// What a broker sends to one client, taken apart and held against the rules: whole frames of known
// types, on channels that are open, and nothing behind the close of the connection. Throws on what
// no client would understand. Used by the fuzzers, in the process and over sockets.
import assert from 'node:assert/strict'
import { connection } from '../../../src/protocol/amqp/methods/connection-methods.ts'
import { replies } from '../../../src/protocol/amqp/methods/reply-codes.ts'
import { allMethods } from '../../protocol/amqp/test-door.ts'

export interface SeenFrame {
  readonly type: number
  readonly channel: number
  /** Of a method; else 0. */
  readonly methodId: number
  readonly payload: Buffer
}

const methodIds = new Set(allMethods.map(({ id }) => id))
const codes: ReadonlySet<number> = new Set(Object.values(replies).map(({ code }) => code))
const headBytes = 7
const channelClose = 0x00140028

export class FrameStream {
  /** Told to close the connection, with this code; 0: not told. */
  closeCode = 0
  /** Channels whose close the client has not agreed to. */
  readonly closing: number[] = []
  frames = 0
  isEnded = false
  private rest: Buffer = Buffer.alloc(0)
  private readonly each: (frame: SeenFrame) => void

  constructor(each: (frame: SeenFrame) => void = () => undefined) {
    this.each = each
  }

  receive(bytes: Buffer): void {
    this.rest = this.rest.length === 0 ? bytes : Buffer.concat([this.rest, bytes])
    while (this.rest.length >= headBytes + 1) {
      if (this.takeHeader()) continue
      const size = this.rest.readUInt32BE(3)
      assert.ok(size <= 131_064, `the broker sends a frame of ${size} octets`)
      if (this.rest.length < headBytes + size + 1) return
      const frame = this.rest.subarray(0, headBytes + size + 1)
      this.rest = this.rest.subarray(frame.length)
      this.look(frame)
    }
  }

  /** The answer to another version's header. */
  private takeHeader(): boolean {
    if (this.rest.toString('latin1', 0, 4) !== 'AMQP') return false
    assert.equal(this.rest.toString('hex', 0, 8), '414d515000000901')
    this.rest = this.rest.subarray(8)
    return true
  }

  private look(frame: Buffer): void {
    const type = frame[0] as number
    const channel = frame.readUInt16BE(1)
    const payload = frame.subarray(headBytes, -1)
    assert.equal(frame.at(-1), 0xce, 'a frame of the broker has its end')
    assert.ok([1, 2, 3, 8].includes(type), `the broker sends a frame of type ${type}`)
    assert.ok(!this.isEnded, `something follows connection.close-ok: ${frame.toString('hex')}`)
    const methodId = type === 1 ? payload.readUInt32BE(0) : 0
    if (type === 1) this.lookAtMethod(methodId, channel, payload)
    this.frames++
    this.each({ type, channel, methodId, payload })
  }

  private lookAtMethod(id: number, channel: number, payload: Buffer): void {
    assert.ok(methodIds.has(id), `the broker sends method ${id.toString(16)}`)
    if (id === connection.closeOk.id) {
      this.isEnded = true
      return
    }
    const wasClosed = this.closeCode !== 0
    assert.ok(!wasClosed, `method ${id.toString(16)} behind connection.close`)
    if (id !== connection.close.id && id !== channelClose) return
    const code = payload.readUInt16BE(4)
    const text = payload.toString('utf8', 7, 7 + (payload[6] as number))
    assert.ok(codes.has(code), `closed with the code ${code}`)
    assert.notEqual(code, replies.internalError.code, `internal error: ${text}`)
    if (id === channelClose) this.closing.push(channel)
    else this.closeCode = code
  }
}
