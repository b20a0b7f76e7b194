// Every bound of the AMQP door. The composition root sets what people configured; the rest stays as
// here.

export interface Limits {
  /** Offered to clients, who may take less: channels of a connection. */
  readonly channelMax: number
  /** Offered to clients, who may take less: octets of a frame, all of it. */
  readonly frameMax: number
  /** The least that a client may ask for. */
  readonly frameMin: number
  /** Octets of a frame before the client has agreed to a size. */
  readonly frameMaxAtFirst: number
  /** Offered to clients; 0: none. */
  readonly heartbeatSeconds: number
  /** max_message_size: the body of one message. */
  readonly messageBytesMax: number
  /** All contents of this door together of which only a part has arrived, and requests held. */
  readonly partialBytesMax: number
  /** A content of which a part has arrived must go on arriving: longest silence. */
  readonly partialSilenceMsMax: number
  /**
   * Besides that silence a frame may take so long as its size takes at this pace. Contents that
   * hold memory others wait for must come at this or a lower one, see ContentWatch.
   */
  readonly partialBytesPerSecondMin: number
  /** What a client has not taken, before its consumers get no more. */
  readonly unsentBytesMax: number
  /** The same of all clients together, before each may leave only little. */
  readonly unsentBytesMaxTogether: number
  readonly unsentBytesMaxWhenTight: number
  /** Deliveries of a channel between the oldest that is not settled and the newest. */
  readonly unackedMax: number
  /** Deliveries of all channels that are not settled, before each may have only few. */
  readonly unackedMaxTogether: number
  readonly unackedMaxWhenTight: number
  readonly consumersPerChannelMax: number
  /** What transactions hold back until they are committed: of one channel. */
  readonly transactionBytesMax: number
  readonly transactionStepsMax: number
  readonly connectionsMax: number
  readonly connectionsPerIpMax: number
  /** From accepting a connection to the end of its greeting. */
  readonly greetingMsMax: number
  /** How long a refused login is left without an answer. */
  readonly refusedLoginMs: number
  /** How long a client may take to agree to a close. */
  readonly closingMsMax: number
  /** How long `close` waits for clients to agree. */
  readonly drainMsMax: number
}

const MiB = 1024 * 1024

export const defaultLimits: Limits = {
  channelMax: 2047,
  frameMax: 131_072,
  frameMin: 4096,
  frameMaxAtFirst: 8192,
  heartbeatSeconds: 60,
  messageBytesMax: 16 * MiB,
  partialBytesMax: 1024 * MiB,
  partialSilenceMsMax: 30_000,
  partialBytesPerSecondMin: 128 * 1024,
  unsentBytesMax: MiB,
  unsentBytesMaxTogether: 256 * MiB,
  unsentBytesMaxWhenTight: 64 * 1024,
  unackedMax: 1_000_000,
  unackedMaxTogether: 4_000_000,
  unackedMaxWhenTight: 100,
  consumersPerChannelMax: 10_000,
  transactionBytesMax: 64 * MiB,
  transactionStepsMax: 100_000,
  connectionsMax: 10_000,
  connectionsPerIpMax: 10_000,
  greetingMsMax: 10_000,
  refusedLoginMs: 1_000,
  closingMsMax: 5_000,
  drainMsMax: 5_000,
}

/** Of the heap, for each delivery that is not settled. */
const unackedBytes = 300

export interface Granted {
  readonly openFiles: number
  readonly memoryBytes: number
  readonly heapBytes: number
}

/** The limits, as far as they fit a process that may have so many files open, and such memory. */
export const limitsWithin = (
  limits: Limits,
  { openFiles, memoryBytes, heapBytes }: Granted,
): Limits => ({
  ...limits,
  connectionsMax: Math.min(limits.connectionsMax, Math.floor(openFiles / 2)),
  partialBytesMax: Math.min(limits.partialBytesMax, Math.floor(memoryBytes / 8)),
  unsentBytesMaxTogether: Math.min(limits.unsentBytesMaxTogether, Math.floor(memoryBytes / 8)),
  unackedMaxTogether: Math.min(limits.unackedMaxTogether, Math.floor(heapBytes / 4 / unackedBytes)),
})
