// Every bound of the Kafka door, with Kafka's name where Kafka has one. The composition root sets
// what people configured; the rest stays as here.

export interface Limits {
  /** socket.request.max.bytes: one request, without its size prefix. */
  readonly requestBytesMax: number
  /** One request of a connection that must authenticate, and has not yet. */
  readonly strangersRequestBytesMax: number
  /**
   * All requests of this door together of which only a part has arrived; half of it is for those of
   * more than 2 MiB, so that they cannot keep out the others.
   */
  readonly partialBytesMax: number
  /** A request of which a part has arrived must go on arriving: longest silence. */
  readonly partialSilenceMsMax: number
  /** Besides that silence a request may take so long as its size takes at this pace. */
  readonly partialBytesPerSecondMin: number
  /** Requests of one connection that wait for earlier ones before it is no longer read. */
  readonly waitingRequestsMax: number
  readonly waitingBytesMax: number
  /**
   * Answers of one connection that its client has not taken, before no further request is begun.
   */
  readonly unsentBytesMax: number
  /**
   * How long a client may take nothing of its answers while others wait for the memory; when they
   * have waited for long, only the shorter one.
   */
  readonly standstillMsMax: number
  readonly standstillMsMin: number
  /** max.connections */
  readonly connectionsMax: number
  /** max.connections.per.ip */
  readonly connectionsPerIpMax: number
  /** connections.max.idle.ms */
  readonly idleMsMax: number
  /** From accepting a connection to its first valid request, and to the end of authentication. */
  readonly greetingMsMax: number
  /** max.incremental.fetch.session.cache.slots */
  readonly fetchSessionsMax: number
  /** Partitions of all fetch sessions together. */
  readonly fetchSessionPartitionsMax: number
  /** Partitions of all fetches that wait; one beyond it is answered at once. */
  readonly fetchWaitPartitionsMax: number
  /** fetch.max.bytes of the broker: the most that one fetch returns. */
  readonly fetchBytesMax: number
  /** Longest time that a fetch may wait. */
  readonly fetchWaitMsMax: number
  /** One answer. Who asks for more must ask for less at a time. */
  readonly answerBytesMax: number
  /** How long `close` waits for requests in flight. */
  readonly drainMsMax: number
}

export const defaultLimits: Limits = {
  requestBytesMax: 100 * 1024 * 1024,
  strangersRequestBytesMax: 64 * 1024,
  partialBytesMax: 256 * 1024 * 1024,
  partialSilenceMsMax: 30_000,
  partialBytesPerSecondMin: 128 * 1024,
  waitingRequestsMax: 64,
  waitingBytesMax: 1024 * 1024,
  unsentBytesMax: 1024 * 1024,
  standstillMsMax: 10_000,
  standstillMsMin: 2_000,
  connectionsMax: 10_000,
  connectionsPerIpMax: 10_000,
  idleMsMax: 600_000,
  greetingMsMax: 10_000,
  fetchSessionsMax: 1000,
  fetchSessionPartitionsMax: 200_000,
  fetchWaitPartitionsMax: 200_000,
  fetchBytesMax: 55 * 1024 * 1024,
  fetchWaitMsMax: 5 * 60_000,
  answerBytesMax: 128 * 1024 * 1024,
  drainMsMax: 5_000,
}

/** The limits, as far as they fit a process that may have so many files open, and such memory. */
export const limitsWithin = (limits: Limits, openFiles: number, memoryBytes: number): Limits => ({
  ...limits,
  // The other half is for the log, and for what else the process opens.
  connectionsMax: Math.min(limits.connectionsMax, Math.floor(openFiles / 2)),
  requestBytesMax: Math.min(limits.requestBytesMax, Math.floor(memoryBytes / 8)),
  partialBytesMax: Math.min(limits.partialBytesMax, Math.floor(memoryBytes / 8)),
})
