// Channels: opened, closed, stopped; and what happens to one that made a mistake.
import type { Cases } from '../case.ts'

const missing = { queue: 'there-is-no-such-queue', passive: true }

export const channel: Cases = {
  async open(t) {
    const connection = await t.connect()
    t.answer('first', await connection.call(1, 'channel.open'))
    t.answer('highest', await connection.call(2047, 'channel.open'))
    t.answer('close', await connection.call(1, 'channel.close', { replyCode: 200 }))
    t.answer('again', await connection.call(1, 'channel.open'))
  },

  async flow(t) {
    await t.ask('active', 'channel.flow', { active: true })
    const channel = await t.channel()
    channel.send('channel.flow', { active: false })
    t.answer('inactive', await channel.next())
  },

  async afterMistake(t) {
    const connection = await t.connect()
    connection.answersCloses = false
    const channel = await connection.open(1)
    t.answer('close', await channel.call('queue.declare', missing))
    channel.send('basic.qos')
    channel.send('queue.declare', { queue: t.name('ignored') })
    channel.publish('', 'nowhere', { body: 'ignored' }, { mandatory: true })
    channel.send('basic.ack', { deliveryTag: 77 })
    channel.send('channel.close-ok')
    t.answer('reopen', await channel.call('channel.open'))
    const ignored = { queue: t.name('ignored'), passive: true }
    t.answer('wasIgnored', await channel.call('queue.declare', ignored))
  },

  async 'afterMistake.close'(t) {
    const connection = await t.connect()
    connection.answersCloses = false
    const channel = await connection.open(1)
    await channel.call('queue.declare', missing)
    t.answer('crossing', await channel.call('channel.close', { replyCode: 200 }))
    channel.send('channel.close-ok')
    t.answer('reopen', await channel.call('channel.open'))
  },

  async 'afterMistake.opened'(t) {
    const connection = await t.connect()
    connection.answersCloses = false
    const channel = await connection.open(1)
    await channel.call('queue.declare', missing)
    connection.answersCloses = true
    channel.send('channel.open')
    t.answer('answer', await connection.rest())
  },

  async afterClose(t) {
    const channel = await t.channel()
    await channel.must('channel.close')
    channel.send('basic.qos')
    t.answer('method', await channel.connection.rest())
    const other = await t.channel()
    await other.must('channel.close')
    other.send('channel.close')
    t.answer('closeTwice', await other.connection.rest())
  },

  async others(t) {
    const connection = await t.connect()
    const [one, two] = [await connection.open(1), await connection.open(2)]
    t.answer('mistake', await one.call('queue.declare', missing))
    t.answer('other', await two.call('basic.qos'))
    t.answer('reopen', await one.call('channel.open'))
  },

  async access(t) {
    await t.ask('request', 'access.request', { realm: '/data', active: true, write: true })
    await t.ask('request.nothing', 'access.request')
  },

  async modes(t) {
    await t.ask('confirm', 'confirm.select')
    await t.ask('tx', 'tx.select')
    const confirming = await t.fresh()
    await confirming.must('confirm.select')
    t.answer('confirm.again', await confirming.call('confirm.select'))
    t.answer('confirm.tx', await confirming.call('tx.select'))
    const transacted = await t.fresh()
    await transacted.must('tx.select')
    t.answer('tx.again', await transacted.call('tx.select'))
    t.answer('tx.confirm', await transacted.call('confirm.select'))
    await t.ask('commit.noTx', 'tx.commit')
    await t.ask('rollback.noTx', 'tx.rollback')
    const silent = await t.fresh()
    silent.send('confirm.select', { noWait: true })
    t.answer('confirm.noWait', await silent.fence())
    silent.publish('', 'nowhere')
    t.answer('confirm.noWait.works', await silent.next())
  },
}
