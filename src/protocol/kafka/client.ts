// A client that has logged in, as its door shows it to the node: to be counted, listed, and parted
// with. Connections are such; the composition root decides which may stay.
import type { Address } from '../../io/network.ts'
import type { Result } from '../../model/errors.ts'

export interface Client {
  readonly user: string
  readonly mechanism: string
  readonly remote: Address
  readonly local: Address
  /** Milliseconds since 1970. */
  readonly connectedAtMs: number
  /** Plain numbers that only grow; pieces are reads and writes. */
  readonly traffic: {
    readonly receivedBytes: number
    readonly receivedPieces: number
    readonly sentBytes: number
    readonly sentPieces: number
  }
  readonly unsentBytes: number
  /** Kafka has no words for it: the reason is for the log. */
  close(reason: string): void
}

/**
 * Whether a client that has proved who it is may stay; the client is told why not. What it returns
 * is called once, when the client has gone.
 */
export type Admit = (client: Client) => Result<() => void>
