// Keys of the broker about Kerberos, logins between brokers and TLS, none of which is here yet.
// Those that only tune what is not there are taken, as Kafka takes them while nothing uses them.
// Those on which someone's safety would rest are refused, so that nobody believes to have what is
// not there, and no secret is stored for it.

import { groupOf } from './config-group.ts'
import type { BrokerKey } from './config-key.ts'

const kerberos = groupOf('accepted', 'there is no Kerberos', [
  {
    name: 'sasl.kerberos.kinit.cmd',
    type: 'string',
    default: '/usr/bin/kinit',
    documentation: 'Command that renews a ticket.',
  },
  {
    name: 'sasl.kerberos.min.time.before.relogin',
    type: 'long',
    default: '60000',
    documentation: 'Shortest time between two logins, in ms.',
  },
  {
    name: 'sasl.kerberos.principal.to.local.rules',
    type: 'list',
    default: 'DEFAULT',
    documentation: 'Rules that shorten the names of principals.',
  },
  {
    name: 'sasl.kerberos.service.name',
    type: 'string',
    default: null,
    documentation: 'Principal as which the broker runs.',
  },
  {
    name: 'sasl.kerberos.ticket.renew.jitter',
    type: 'double',
    default: '0.05',
    documentation: 'Share of the time to a renewal that chance may add.',
  },
  {
    name: 'sasl.kerberos.ticket.renew.window.factor',
    type: 'double',
    default: '0.8',
    documentation: "Share of a ticket's life after which it is renewed.",
  },
])

const logins = groupOf('accepted', 'there is one node, so no broker logs in at another', [
  {
    name: 'sasl.login.refresh.buffer.seconds',
    type: 'short',
    default: '300',
    documentation: 'Time before a credential expires that stays for its renewal.',
  },
  {
    name: 'sasl.login.refresh.min.period.seconds',
    type: 'short',
    default: '60',
    documentation: 'Shortest time between two renewals of a credential.',
  },
  {
    name: 'sasl.login.refresh.window.factor',
    type: 'double',
    default: '0.8',
    documentation: "Share of a credential's life after which it is renewed.",
  },
  {
    name: 'sasl.login.refresh.window.jitter',
    type: 'double',
    default: '0.05',
    documentation: "Share of a credential's life that chance adds to its renewal.",
  },
  {
    name: 'sasl.mechanism.inter.broker.protocol',
    type: 'string',
    default: 'GSSAPI',
    documentation: 'How a broker authenticates at another.',
  },
])

const users = groupOf('refused', 'clients are those of polymq.users.file, under the names there', [
  {
    name: 'sasl.jaas.config',
    type: 'password',
    default: null,
    documentation: 'Login modules of SASL, and in them the users of PLAIN.',
  },
  {
    name: 'principal.builder.class',
    type: 'class',
    default: 'org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder',
    documentation: 'Class that names who has come in by a connection.',
  },
])

const tls = groupOf('refused', 'TLS is not there yet', [
  {
    name: 'listener.security.protocol.map',
    type: 'string',
    default: 'SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT',
    documentation: 'Which listener has which protocol of security.',
  },
  {
    name: 'ssl.cipher.suites',
    type: 'list',
    default: '',
    documentation: 'Cipher suites that are offered.',
  },
  {
    name: 'ssl.client.auth',
    type: 'string',
    default: 'none',
    words: ['required', 'requested', 'none'],
    documentation: 'Whether clients must show a certificate.',
  },
  {
    name: 'ssl.enabled.protocols',
    type: 'list',
    default: 'TLSv1.2,TLSv1.3',
    documentation: 'Versions of TLS that are offered.',
  },
  {
    name: 'ssl.endpoint.identification.algorithm',
    type: 'string',
    default: 'https',
    documentation: 'How the name in a certificate is checked.',
  },
  {
    name: 'ssl.engine.factory.class',
    type: 'class',
    default: null,
    documentation: 'Class that makes the engines of TLS.',
  },
  {
    name: 'ssl.key.password',
    type: 'password',
    default: null,
    documentation: 'Password of the private key.',
  },
  {
    name: 'ssl.keymanager.algorithm',
    type: 'string',
    default: 'SunX509',
    documentation: 'Algorithm of the key manager.',
  },
  {
    name: 'ssl.keystore.certificate.chain',
    type: 'password',
    default: null,
    documentation: 'Certificates of the broker.',
  },
  {
    name: 'ssl.keystore.key',
    type: 'password',
    default: null,
    documentation: 'Private key of the broker.',
  },
  {
    name: 'ssl.keystore.location',
    type: 'string',
    default: null,
    documentation: 'File of the key store.',
  },
  {
    name: 'ssl.keystore.password',
    type: 'password',
    default: null,
    documentation: 'Password of the key store.',
  },
  {
    name: 'ssl.keystore.type',
    type: 'string',
    default: 'JKS',
    documentation: 'Format of the key store.',
  },
  {
    name: 'ssl.protocol',
    type: 'string',
    default: 'TLSv1.3',
    documentation: 'Version of TLS that contexts are made for.',
  },
  {
    name: 'ssl.provider',
    type: 'string',
    default: null,
    documentation: 'Provider of the security of TLS.',
  },
  {
    name: 'ssl.secure.random.implementation',
    type: 'string',
    default: null,
    documentation: 'Source of random numbers of TLS.',
  },
  {
    name: 'ssl.trustmanager.algorithm',
    type: 'string',
    default: 'PKIX',
    documentation: 'Algorithm of the trust manager.',
  },
  {
    name: 'ssl.truststore.certificates',
    type: 'password',
    default: null,
    documentation: 'Certificates that are trusted.',
  },
  {
    name: 'ssl.truststore.location',
    type: 'string',
    default: null,
    documentation: 'File of the trust store.',
  },
  {
    name: 'ssl.truststore.password',
    type: 'password',
    default: null,
    documentation: 'Password of the trust store.',
  },
  {
    name: 'ssl.truststore.type',
    type: 'string',
    default: 'JKS',
    documentation: 'Format of the trust store.',
  },
])

/** Kafka sets none of them for all nodes at once. */
export const brokerSecurityKeys: readonly BrokerKey[] = [
  ...kerberos,
  ...logins,
  ...users,
  ...tls,
].map((key) => ({ ...key, ofOneNode: true }))
