// What users may do: patterns of names for configuring, writing and reading; topics; identities.
import type { Case, Cases } from '../case.ts'
import type { Channel } from '../client/channel.ts'
import type { Arguments, Item } from '../client/methods.ts'

const limited = { user: 'limited', password: 'secret' }

/** Asks as a user who may configure names with -c, write to those with -w, read those with -r. */
async function ask(t: Case, question: string, name: string, args: Arguments): Promise<void> {
  const channel = await t.channel(limited)
  t.answer(question, await channel.call(name, args))
}

const published = async (channel: Channel, exchange: string, key: string): Promise<Item> => {
  channel.publish(exchange, key, { body: 'x' })
  return channel.call('basic.qos')
}

export const access: Cases = {
  async configure(t) {
    const [yes, no] = [t.name('x-c'), t.name('x')]
    await ask(t, 'queue', 'queue.declare', { queue: yes, exclusive: true })
    await ask(t, 'queue.refused', 'queue.declare', { queue: no })
    await ask(t, 'queue.passive', 'queue.declare', { queue: no, passive: true })
    await ask(t, 'queue.serverNamed', 'queue.declare', { queue: '', exclusive: true })
    await ask(t, 'queue.delete', 'queue.delete', { queue: no })
    await ask(t, 'exchange', 'exchange.declare', { exchange: yes, type: 'direct' })
    await ask(t, 'exchange.refused', 'exchange.declare', { exchange: no, type: 'direct' })
    await ask(t, 'exchange.delete', 'exchange.delete', { exchange: no })
    const alternate = (name: string) => ({
      exchange: `${name}-r-c`,
      type: 'direct',
      arguments: { 'alternate-exchange': name },
    })
    await ask(t, 'alternate', 'exchange.declare', alternate(t.name('y-w')))
    await ask(t, 'alternate.refused', 'exchange.declare', alternate(t.name('y')))
    const dead = (name: string) => ({
      queue: `${name}-r-c`,
      exclusive: true,
      arguments: { 'x-dead-letter-exchange': name },
    })
    await ask(t, 'deadLetters', 'queue.declare', dead(t.name('z-w')))
    await ask(t, 'deadLetters.refused', 'queue.declare', dead(t.name('z')))
    await ask(t, 'deadLetters.unreadable', 'queue.declare', {
      ...dead(t.name('z-w')),
      queue: t.name('u-c'),
    })
  },

  async use(t) {
    const channel = await t.channel()
    const [all, none] = [t.name('x-c-w-r'), t.name('x')]
    for (const queue of [all, none]) {
      await channel.queue(queue)
      await channel.must('exchange.declare', { exchange: queue, type: 'fanout' })
    }
    await ask(t, 'get', 'basic.get', { queue: all })
    await ask(t, 'get.refused', 'basic.get', { queue: none })
    await ask(t, 'consume', 'basic.consume', { queue: all, consumerTag: 'a' })
    await ask(t, 'consume.refused', 'basic.consume', { queue: none, consumerTag: 'a' })
    await ask(t, 'purge', 'queue.purge', { queue: all })
    await ask(t, 'purge.refused', 'queue.purge', { queue: none })
    await ask(t, 'bind', 'queue.bind', { queue: all, exchange: all })
    await ask(t, 'bind.queueRefused', 'queue.bind', { queue: none, exchange: all })
    await ask(t, 'bind.exchangeRefused', 'queue.bind', { queue: all, exchange: none })
    await ask(t, 'unbind', 'queue.unbind', { queue: all, exchange: all })
    await ask(t, 'unbind.refused', 'queue.unbind', { queue: none, exchange: all })
    await ask(t, 'exchangeBind', 'exchange.bind', { destination: all, source: all })
    await ask(t, 'exchangeBind.to', 'exchange.bind', { destination: none, source: all })
    await ask(t, 'exchangeBind.from', 'exchange.bind', { destination: all, source: none })
    t.answer('publish', await published(await t.channel(limited), all, 'k'))
    t.answer('publish.refused', await published(await t.channel(limited), none, 'k'))
    t.answer('publish.default', await published(await t.channel(limited), '', all))
    t.answer('missing', await published(await t.channel(limited), t.name('gone-w'), 'k'))
    t.answer('missing.refused', await published(await t.channel(limited), t.name('gone'), 'k'))
  },

  async topics(t) {
    const login = { user: 'topical', password: 'secret' }
    const publish = async (question: string, key: string) => {
      const channel = await t.channel(login)
      t.answer(question, await published(channel, 'amq.topic', key))
    }
    await publish('write', 'a.b')
    await publish('write.refused', 'b.a')
    const channel = await t.channel(login)
    const queue = await channel.queue('', { exclusive: true })
    const bind = (routingKey: string) => ({ queue, exchange: 'amq.topic', routingKey })
    t.answer('read', await channel.call('queue.bind', bind('b.x')))
    t.answer(
      'read.otherExchange',
      await channel.call('queue.bind', { ...bind('a'), exchange: 'amq.direct' }),
    )
    t.answer('read.refused', await channel.call('queue.bind', bind('a.x')))
  },

  async identity(t) {
    const publish = async (question: string, user: string, userId: string) => {
      const password = user === 'guest' ? 'guest' : 'secret'
      const channel = await t.channel({ user, password })
      channel.publish('', t.name('none'), { properties: { userId } })
      t.answer(question, await channel.call('basic.qos'))
    }
    await publish('own', 'guest', 'guest')
    await publish('other', 'guest', 'actor')
    await publish('impersonator', 'actor', 'guest')
    await publish('administratorIsNone', 'guest', 'somebody')
  },

  async otherVhost(t) {
    const here = await t.confirming()
    const there = await t.channel({ vhost: 'other' })
    const queue = t.name('q')
    await here.queue(queue)
    t.answer('notThere', await there.call('queue.declare', { queue, passive: true }))
    const again = await t.channel({ vhost: 'other' })
    t.answer('sameName', await again.call('queue.declare', { queue, durable: true }))
    await here.confirmed('', queue, { body: 'here' })
    t.answer('apart', await again.call('basic.get', { queue, noAck: true }))
    t.answer(
      'predeclared',
      await again.call('exchange.declare', {
        exchange: 'amq.topic',
        passive: true,
      }),
    )
  },
}
