// Clients of other protocols that came to this port, told by their first four bytes, so that the
// log can say what they are instead of a size that nobody sent. Called by the connection.
const http = 'an HTTP request; this port speaks the Kafka protocol'

const beginnings: Readonly<Record<string, string>> = {
  'GET ': http,
  HEAD: http,
  POST: http,
  'PUT ': http,
  DELE: http,
  OPTI: http,
  PATC: http,
  'PRI ': http,
  AMQP: 'an AMQP header; this port speaks the Kafka protocol',
  'SSH-': 'an SSH greeting; this port speaks the Kafka protocol',
}

/** What `size`, the first number of a connection, is if it is no size; null when it may be one. */
export function foreignProtocol(size: number): string | null {
  // RFC 8446 5.1: a handshake record (22) of a version 3.x.
  if (size >>> 16 === 0x1603) return 'a TLS handshake; this port has no TLS, see security.protocol'
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(size)
  return beginnings[bytes.toString('latin1')] ?? null
}
