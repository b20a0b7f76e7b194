// Keys of the broker about its doors that Kafka does not have: TLS, and what the AMQP door offers
// its clients.
import type { BrokerKey } from './config-key.ts'

const file = { pattern: /./, text: 'the path of a file' }

const tls: readonly BrokerKey[] = [
  {
    name: 'polymq.tls.certificate.file',
    type: 'string',
    default: null,
    form: file,
    dynamic: false,
    effect: 'works',
    documentation:
      'File with the certificate (PEM, the whole chain) that listeners with TLS show. Once it is ' +
      'set, the listener amqps opens.',
  },
  {
    name: 'polymq.tls.key.file',
    type: 'string',
    default: null,
    form: file,
    dynamic: false,
    effect: 'works',
    documentation: 'File with the private key of the certificate (PEM).',
  },
  {
    name: 'polymq.tls.ca.file',
    type: 'string',
    default: null,
    form: file,
    dynamic: false,
    effect: 'works',
    documentation:
      "File with the certificates (PEM) of those who sign clients' certificates; without it, the " +
      "system's list counts.",
  },
  {
    name: 'polymq.tls.client.certificate',
    type: 'string',
    default: 'none',
    words: ['none', 'requested', 'required'],
    dynamic: false,
    effect: 'works',
    documentation:
      'Whether clients of listeners with TLS show a certificate. With requested and required, ' +
      'AMQP clients may log in by EXTERNAL, as the user that is the common name of theirs.',
  },
]

const amqp: readonly BrokerKey[] = [
  {
    name: 'polymq.amqp.message.bytes.max',
    type: 'int',
    default: '16777216',
    min: 1024,
    max: 536_870_912,
    dynamic: false,
    effect: 'works',
    documentation: 'The largest body of a message that AMQP clients may publish.',
  },
  {
    name: 'polymq.amqp.channels.max',
    type: 'int',
    default: '2047',
    min: 1,
    max: 65_535,
    dynamic: false,
    effect: 'works',
    documentation: 'Channels that one AMQP connection may open.',
  },
  {
    name: 'polymq.amqp.frame.bytes.max',
    type: 'int',
    default: '131072',
    min: 8192,
    max: 16_777_216,
    dynamic: false,
    effect: 'works',
    documentation: 'The largest frame that AMQP clients may send, and are sent.',
  },
  {
    name: 'polymq.amqp.heartbeat.seconds',
    type: 'int',
    default: '60',
    min: 0,
    max: 65_535,
    dynamic: false,
    effect: 'works',
    documentation:
      'Time without a sign of life after which an AMQP connection counts as broken, offered to ' +
      'clients; two of them pass before it is closed. 0: never.',
  },
  {
    name: 'polymq.consumer.timeout.ms',
    type: 'long',
    default: '1800000',
    min: 0,
    max: 4_294_967_295,
    dynamic: false,
    effect: 'works',
    documentation:
      'How long a consumer of a queue may keep a message without settling it; then it is ' +
      'cancelled, and its messages go back. 0: for ever. Queues and consumers may say otherwise ' +
      'with x-consumer-timeout.',
  },
]

export const brokerDoorKeys = [...tls, ...amqp]
