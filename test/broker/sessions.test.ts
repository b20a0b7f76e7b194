// What rests on users and vhosts: limits of channels, and sessions that end with either.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NodeBroker } from '../../src/broker/broker.ts'
import type { Session } from '../../src/broker/messaging/api.ts'
import type { SessionView } from '../../src/broker/messaging/listings.ts'
import { refusal, value, withMessaging } from './messaging-fixture.ts'

const all = { configure: '.*', write: '.*', read: '.*' }

/** A session, and what its client was told when it was ended. */
function opened(node: NodeBroker, user: string, vhost: string): [Session, string[]] {
  const told: string[] = []
  const traffic = { receivedBytes: 0, receivedPieces: 0, sentBytes: 0, sentPieces: 0 }
  const view: SessionView = {
    name: user,
    traffic,
    describe: () => assert.fail('nobody asks'),
    channels: () => [],
    close: (reason) => told.push(reason),
  }
  return [value(node.messaging.open({ vhost, user, name: user, view })), told]
}

test('sessions end with their user, and with their vhost', () =>
  withMessaging(async (node) => {
    await node.messaging.createVhost('v')
    value(await node.accounts.addUser('ada', { password: 'secret' }, []))
    for (const user of ['ada', 'guest']) value(await node.accounts.permissions.set(user, 'v', all))
    const [, ada] = opened(node, 'ada', 'v')
    const [, inV] = opened(node, 'guest', 'v')
    const [, other] = opened(node, 'guest', '/')
    value(await node.accounts.deleteUser('ada'))
    assert.deepEqual([ada, inV], [["user 'ada' is deleted"], []])
    value(await node.messaging.deleteVhost('v'))
    assert.deepEqual([inV, other], [["vhost 'v' is deleted"], []])
  }))

test('a user has no more channels than allowed, over all sessions', () =>
  withMessaging(async (node) => {
    const [one] = opened(node, 'guest', '/')
    const [two] = opened(node, 'guest', '/')
    value(one.openChannel())
    value(await node.accounts.limits.setUser('guest', 'max-channels', 2))
    value(two.openChannel())
    assert.equal(
      refusal(one.openChannel()),
      "notAllowed: number of channels opened for user 'guest' has reached the maximum allowed " +
        'user limit of (2)',
    )
    two.closeChannel()
    value(one.openChannel())
    await one.close()
    value(two.openChannel())
  }))
