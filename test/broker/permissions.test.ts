// What a session may do is asked of the authorizer: which right on what, before every operation.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { NodeBroker } from '../../src/broker/broker.ts'
import { SessionVhost } from '../../src/broker/messaging/session-vhost.ts'
import type { Right } from '../../src/security/access/access-values.ts'
import type { Authorizer } from '../../src/security/access/authorizer.ts'
import {
  bindingWish,
  exchangeWish,
  messageTo,
  queueWish,
  refusal,
  table,
  value,
  withMessaging,
} from './messaging-fixture.ts'

/** Denies what stands in `denied`, as `right resource` or `topic right exchange key`. */
class Denying implements Authorizer {
  version = 1
  denied = new Set<string>()
  readonly asked: string[] = []

  rightsOf(): object {
    return this
  }

  mayUse(): boolean {
    return true
  }

  may(_user: string, _vhost: string, right: Right, resource: string): boolean {
    this.asked.push(`${right} ${resource}`)
    return !this.denied.has(`${right} ${resource}`)
  }

  mayTopic(_user: string, _vhost: string, right: string, exchange: string, key: string): boolean {
    this.asked.push(`topic ${right} ${exchange} ${key}`)
    return !this.denied.has(`topic ${right} ${exchange} ${key}`)
  }

  limitsTopics(): boolean {
    return true
  }

  hasTag(): boolean {
    return false
  }

  /** What was asked since the last time. */
  seen(): string[] {
    return this.asked.splice(0)
  }
}

function vhostOf(node: NodeBroker, authorizer: Authorizer): SessionVhost {
  const core = node.messaging.vhosts.get('/')
  assert.ok(core)
  return new SessionVhost(core, {}, 'ada', authorizer)
}

test('every operation asks for its rights', () =>
  withMessaging(async (node) => {
    const rights = new Denying()
    const vhost = vhostOf(node, rights)
    const alternate = table({ 'alternate-exchange': 'rest' })
    value(await vhost.declareExchange(exchangeWish('e', 'topic', { arguments: alternate })))
    assert.deepEqual(rights.seen(), ['configure e', 'read e', 'write rest'])
    const dead = table({ 'x-dead-letter-exchange': 'dlx' })
    value(await vhost.declareQueue(queueWish('q', { arguments: dead })))
    assert.deepEqual(rights.seen(), ['configure q', 'read q', 'write dlx'])
    value(await vhost.bindQueue(bindingWish('e', 'q', 'a.b')))
    assert.deepEqual(rights.seen(), ['write q', 'read e', 'topic read e a.b'])
    value(await vhost.bindExchange(bindingWish('amq.direct', 'e', 'k')))
    assert.deepEqual(rights.seen(), ['write e', 'read amq.direct'])
    const publisher = value(vhost.publisher('e'))
    publisher.publish(messageTo('e', 'a.b', '1'))
    publisher.publish(messageTo('e', 'a.b', '2'))
    assert.deepEqual(rights.seen(), ['write e', 'topic write e a.b'])
    value(await vhost.get('q', true))
    value(await vhost.purgeQueue('q'))
    value(await vhost.deleteQueue('q', false, false))
    value(await vhost.deleteExchange('e', false))
    assert.deepEqual(rights.seen(), ['read q', 'read q', 'configure q', 'configure e'])
  }))

test('what is denied is refused in words that name it', () =>
  withMessaging(async (node) => {
    const rights = new Denying()
    const vhost = vhostOf(node, rights)
    value(await vhost.declareExchange(exchangeWish('e', 'topic')))
    value(await vhost.declareQueue(queueWish('q')))
    rights.denied = new Set(['configure q', 'read q', 'write ', 'topic write e secret'])
    assert.equal(
      refusal(await vhost.declareQueue(queueWish('q'))),
      "accessRefused: access to queue 'q' in vhost '/' refused for user 'ada'",
    )
    assert.match(refusal(await vhost.get('q', true)), /^accessRefused: access to queue 'q'/)
    assert.match(refusal(vhost.publisher('')), /^accessRefused: access to exchange 'amq.default'/)
    const publisher = value(vhost.publisher('e'))
    assert.equal(publisher.publish(messageTo('e', 'open', 'a')), 0)
    assert.equal(publisher.publish(messageTo('e', 'secret', 'a')), -1)
    assert.ok(publisher.refusal)
    assert.match(refusal(publisher.refusal), /access to topic 'secret' in exchange 'e' in vhost/)
    assert.equal(publisher.isGone, false)
    rights.version++
    assert.equal(publisher.isGone, true)
  }))
