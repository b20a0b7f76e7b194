// The eight octets with which a client begins (AMQP 0-9-1, section 4.2.2), and what else knocks at
// this port by mistake. One per connection, until it has been read.

export const ownHeader = Buffer.from('AMQP\x00\x00\x09\x01', 'latin1')

/** Of AMQP 0-9, whose clients speak 0-9-1 too. */
const olderHeader = Buffer.from('AMQP\x01\x01\x00\x09', 'latin1')

export class ProtocolHeader {
  private readonly bytes = Buffer.alloc(ownHeader.length)
  private filled = 0

  /**
   * Reads on in `bytes[0, to)`. Where the header ends; -1: it goes on; -2: it is another protocol.
   */
  read(bytes: Buffer, to: number): number {
    const taken = Math.min(ownHeader.length - this.filled, to)
    bytes.copy(this.bytes, this.filled, 0, taken)
    this.filled += taken
    const isOurs = this.begins(ownHeader) || this.begins(olderHeader)
    if (!isOurs) return this.isAnotherAmqp && this.filled < ownHeader.length ? -1 : -2
    return this.filled < ownHeader.length ? -1 : taken
  }

  /** What it was, for people. */
  get spoken(): string {
    const { bytes, filled } = this
    if (bytes[0] === 0x16 && bytes[1] === 3) return 'TLS, on a port without it'
    if (/^(GET|PUT|POST|HEAD)/.test(bytes.toString('latin1'))) return 'HTTP'
    if (this.isAnotherAmqp) return `AMQP ${[...bytes.subarray(4, filled)].join('-')}`
    return 'not AMQP'
  }

  private begins(header: Buffer): boolean {
    return this.bytes.subarray(0, this.filled).equals(header.subarray(0, this.filled))
  }

  private get isAnotherAmqp(): boolean {
    return this.bytes.toString('latin1', 0, 4) === 'AMQP'
  }
}
