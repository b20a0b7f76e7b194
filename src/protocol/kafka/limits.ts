// Every bound of the Kafka door, with Kafka's name where Kafka has one. The composition root sets
// what people configured; the rest stays as here.

export interface Limits {
  /** socket.request.max.bytes: one request, without its size prefix. */
  readonly requestBytesMax: number
  /** One request before the connection has sent a valid one, or has authenticated. */
  readonly firstRequestBytesMax: number
  /** All requests of this door together of which only a part has arrived. */
  readonly partialBytesMax: number
  /** A request of which a part has arrived must go on arriving: longest silence. */
  readonly partialSilenceMsMax: number
  /** Requests of one connection that wait for earlier ones before it is no longer read. */
  readonly waitingRequestsMax: number
  readonly waitingBytesMax: number
  /**
   * Answers of one connection that its client has not taken, before no further request is begun.
   */
  readonly unsentBytesMax: number
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
  /** fetch.max.bytes of the broker: the most that one fetch returns. */
  readonly fetchBytesMax: number
  /** Longest time that a fetch may wait. */
  readonly fetchWaitMsMax: number
  /** How long `close` waits for requests in flight. */
  readonly drainMsMax: number
}

export const defaultLimits: Limits = {
  requestBytesMax: 100 * 1024 * 1024,
  firstRequestBytesMax: 64 * 1024,
  partialBytesMax: 256 * 1024 * 1024,
  partialSilenceMsMax: 30_000,
  waitingRequestsMax: 64,
  waitingBytesMax: 1024 * 1024,
  unsentBytesMax: 1024 * 1024,
  connectionsMax: 10_000,
  connectionsPerIpMax: 10_000,
  idleMsMax: 600_000,
  greetingMsMax: 10_000,
  fetchSessionsMax: 1000,
  fetchSessionPartitionsMax: 1_000_000,
  fetchBytesMax: 55 * 1024 * 1024,
  fetchWaitMsMax: 5 * 60_000,
  drainMsMax: 5_000,
}
