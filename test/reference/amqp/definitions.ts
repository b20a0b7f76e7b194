// Who the suite logs in as, and what they may do: the same for both brokers, told to them in
// RabbitMQ's words before they start.
import { type Definitions, user } from '../../../scripts/peers/amqp-peer.ts'

const all = { configure: '.*', write: '.*', read: '.*' }

export const definitions: Definitions = {
  users: [
    user('guest', 'guest', ['administrator']),
    user('limited', 'secret'),
    user('nowhere', 'secret'),
    user('actor', 'secret', ['impersonator']),
    user('topical', 'secret'),
  ],
  vhosts: [{ name: '/' }, { name: 'other' }],
  permissions: [
    { user: 'guest', vhost: '/', ...all },
    { user: 'guest', vhost: 'other', ...all },
    { user: 'actor', vhost: '/', ...all },
    { user: 'topical', vhost: '/', ...all },
    { user: 'limited', vhost: '/', configure: '-c', write: '-w', read: '-r' },
  ],
  topic_permissions: [
    { user: 'topical', vhost: '/', exchange: 'amq.topic', write: '^a\\.', read: '^b\\.' },
  ],
}
