// The limits of one node that no configuration key sets, each with its reason. What people may want
// to change is a key in config/ instead.

export const limits = {
  /** Letters of a topic's name: as Kafka has it, so that a name fits a file name with a suffix. */
  topicNameLength: 249,
  /** Partitions that one request may add: bounds the memory of one metadata transaction. */
  partitionsPerRequest: 10_000,
  /** Values set for one topic or one broker: bounds its metadata record. There are fewer keys. */
  configsPerResource: 200,
  /** Arguments of a queue, an exchange or a consumer, as bytes: they are kept in memory. */
  argumentBytes: 65_536,
  /** The same of a binding, of which a node holds ten times as many. */
  bindingArgumentBytes: 8_192,
  /** Of a binding and of a message: what a short string of AMQP holds. */
  routingKeyBytes: 255,
  /** One metadata transaction, in bytes; a request for more is refused. */
  metadataTxnBytes: 16_777_216,
  /** Times that a change is tried again when others change the same thing first. */
  metadataRetries: 20,
} as const
