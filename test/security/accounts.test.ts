// Accounts: users that come and go, what they may do, and that all of it outlives the node.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Disk } from '../../src/io/disk.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { SimChance } from '../../src/io/sim/sim-chance.ts'
import { EmbeddedStore } from '../../src/metadata/embedded-store.ts'
import { Accounts } from '../../src/security/access/accounts.ts'

const near = '127.0.0.1'
const far = '10.0.0.7'

async function withAccounts(
  use: (accounts: Accounts) => Promise<void>,
  disk: Disk = memoryDisk(),
): Promise<void> {
  const store = await EmbeddedStore.open(disk, 'metadata')
  const chance = new SimChance(1)
  const accounts = await Accounts.open({ store, chance, loopbackUsers: () => ['guest'] })
  try {
    await use(accounts)
  } finally {
    accounts.close()
    await store.close()
  }
}

async function done(result: Promise<{ ok: boolean }>): Promise<void> {
  assert.deepEqual(await result, { ok: true, value: null })
}

async function refusedWith(error: string, result: Promise<{ ok: boolean; error?: string }>) {
  const { ok, error: name } = await result
  assert.deepEqual([ok, name], [false, error])
}

test('guest is there once, comes from this machine only, and stays away when deleted', async () => {
  const disk = memoryDisk()
  await withAccounts(async (accounts) => {
    await accounts.makeDefaultUser()
    const { login, authorizer } = accounts
    const guest = { user: 'guest', tags: ['administrator'] }
    for (const host of [near, '::1', '::ffff:127.0.0.1'])
      assert.deepEqual(login.checkPassword('guest', 'guest', host), { ok: true, value: guest })
    for (const host of [far, '::ffff:10.0.0.7', '128.127.0.1'])
      assert.ok(!login.checkPassword('guest', 'guest', host).ok)
    assert.ok(!login.checkPassword('guest', 'Guest', near).ok)
    assert.ok(authorizer.mayUse('guest', '/'))
    assert.ok(authorizer.may('guest', '/', 'configure', 'anything'))
    assert.ok(authorizer.hasTag('guest', 'administrator'))
    await done(accounts.deleteUser('guest'))
    assert.ok(!authorizer.mayUse('guest', '/'))
  }, disk)
  await withAccounts(async (accounts) => {
    await accounts.makeDefaultUser()
    assert.deepEqual(accounts.users(), [])
  }, disk)
})

test("a hash of RabbitMQ's logs in by password, and has no SCRAM credentials", async () => {
  await withAccounts(async (accounts) => {
    // Made by rabbitmqctl for the passwords of the documentation: salt 908DC60A, test12.
    const text = 'kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR'
    const hash = { algorithm: 'rabbit_password_hashing_sha256', text } as const
    await done(accounts.addUser('ann', { hash }, []))
    assert.ok(accounts.login.checkPassword('ann', 'test12', far).ok)
    assert.ok(!accounts.login.checkPassword('ann', 'test13', far).ok)
    assert.equal(accounts.user('ann')?.scram, null)
    await done(accounts.changePassword('ann', { password: 'new' }))
    assert.ok(accounts.login.checkPassword('ann', 'new', far).ok)
    assert.notEqual(accounts.user('ann')?.scram, null)
    await done(accounts.changePassword('ann', null))
    for (const password of ['new', 'test12', ''])
      assert.ok(!accounts.login.checkPassword('ann', password, far).ok)
    const cut = { ...hash, text: text.slice(1) }
    await refusedWith('invalidRequest', accounts.changePassword('ann', { hash: cut }))
  })
})

test('all of it is there again after a restart', async () => {
  const disk = memoryDisk()
  const odd = 'a/b%{}|é'
  await withAccounts(async (accounts) => {
    accounts.permissions.knowVhosts(() => true)
    await done(accounts.addUser(odd, { password: 'secret' }, ['monitoring']))
    const texts = { configure: '', write: '^orders\\.', read: '^(a|b)+$' }
    await done(accounts.permissions.set(odd, 'v/1', texts))
    await done(accounts.permissions.setTopic(odd, 'v/1', 'amq.topic', { write: '^x', read: '' }))
    await done(accounts.limits.setVhost('v/1', 'max-queues', 5))
    await done(accounts.limits.setUser(odd, 'max-channels', 2))
  }, disk)
  await withAccounts(async ({ login, authorizer, limits, permissions }) => {
    assert.ok(login.checkPassword(odd, 'secret', far).ok)
    assert.ok(authorizer.may(odd, 'v/1', 'write', 'orders.eu'))
    assert.ok(authorizer.may(odd, 'v/1', 'read', 'abba'))
    assert.ok(!authorizer.may(odd, 'v/1', 'configure', 'abba'))
    assert.ok(!authorizer.mayUse(odd, '/'))
    assert.ok(authorizer.mayTopic(odd, 'v/1', 'write', 'amq.topic', 'xyz'))
    assert.ok(!authorizer.mayTopic(odd, 'v/1', 'write', 'amq.topic', 'yxz'))
    assert.equal(limits.ofVhost('v/1', 'max-queues'), 5)
    assert.equal(limits.ofVhost('v/1', 'max-connections'), Number.POSITIVE_INFINITY)
    assert.equal(limits.ofUser(odd, 'max-channels'), 2)
    assert.deepEqual(
      permissions.list({ user: odd }).map(({ vhost }) => vhost),
      ['v/1'],
    )
  }, disk)
})

test('a change counts from the next question on', async () => {
  await withAccounts(async (accounts) => {
    const { authorizer, permissions } = accounts
    await done(accounts.addUser('ann', null, []))
    const may = () => authorizer.may('ann', '/', 'read', 'orders')
    assert.ok(!may())
    await done(permissions.set('ann', '/', { configure: '', write: '', read: 'orders' }))
    assert.ok(may())
    await done(permissions.set('ann', '/', { configure: '', write: '', read: 'bills' }))
    assert.ok(!may())
    assert.ok(authorizer.mayUse('ann', '/'))
    await done(permissions.clear('ann', '/'))
    assert.ok(!authorizer.mayUse('ann', '/'))
  })
})

test('who listens hears of each change once it counts, and of nothing else', async () => {
  const disk = memoryDisk()
  const store = await EmbeddedStore.open(disk, 'metadata')
  const accounts = await Accounts.open({
    store,
    chance: new SimChance(1),
    loopbackUsers: () => [],
  })
  const seen: boolean[] = []
  const listening = accounts.onChange(() => seen.push(accounts.user('ann') !== null))
  await store.txn({ put: [{ key: '/topics-of-others', value: '' }] })
  await done(accounts.addUser('ann', null, []))
  await done(accounts.limits.setUser('ann', 'max-channels', 1))
  await done(accounts.deleteUser('ann'))
  assert.deepEqual(seen, [true, true, false])
  listening.cancel()
  await done(accounts.addUser('ann', null, []))
  assert.equal(seen.length, 3)
  accounts.close()
  await store.close()
})

test('the default exchange is amq.default', async () => {
  await withAccounts(async (accounts) => {
    const { authorizer, permissions } = accounts
    await done(accounts.addUser('ann', null, []))
    await done(permissions.set('ann', '/', { configure: '', write: '^amq\\.default$', read: '' }))
    assert.ok(authorizer.may('ann', '/', 'write', ''))
    assert.ok(!authorizer.may('ann', '/', 'write', 'amq.direct'))
    assert.ok(authorizer.mayTopic('ann', '/', 'write', '', 'any'))
    await done(permissions.setTopic('ann', '/', '', { write: '^q$', read: '' }))
    assert.ok(!authorizer.mayTopic('ann', '/', 'write', '', 'any'))
    await done(permissions.clearTopic('ann', '/', ''))
    assert.ok(authorizer.mayTopic('ann', '/', 'write', '', 'any'))
  })
})

test('names in topic permissions stand for themselves', async () => {
  await withAccounts(async (accounts) => {
    const { authorizer, permissions } = accounts
    const texts = { write: '^{vhost}-{username}\\.', read: '.*' }
    await done(accounts.addUser('a.*', null, []))
    await done(permissions.setTopic('a.*', '/', 'amq.topic', texts))
    const may = (key: string) => authorizer.mayTopic('a.*', '/', 'write', 'amq.topic', key)
    assert.ok(may('/-a.*.x'))
    assert.ok(!may('/-abc.x'))
  })
})

test('what is deleted takes along what belongs to it', async () => {
  await withAccounts(async (accounts) => {
    const all = { configure: '.*', write: '.*', read: '.*' }
    await done(accounts.addUser('ann', null, []))
    await done(accounts.permissions.set('ann', '/', all))
    await done(accounts.permissions.setTopic('ann', '/', 'x', all))
    await done(accounts.limits.setUser('ann', 'max-connections', 1))
    assert.equal(accounts.permissions.keysOfVhost('/').length, 3)
    await done(accounts.deleteUser('ann'))
    await done(accounts.addUser('ann', null, []))
    assert.ok(!accounts.authorizer.mayUse('ann', '/'))
    assert.deepEqual(accounts.permissions.listTopic(), [])
    assert.equal(accounts.limits.ofUser('ann', 'max-connections'), Number.POSITIVE_INFINITY)
  })
})

test('what is refused, and with which error', async () => {
  await withAccounts(async (accounts) => {
    const all = { configure: '.*', write: '.*', read: '.*' }
    await done(accounts.addUser('ann', null, ['a', 'b']))
    await done(accounts.setTags('ann', ['management']))
    assert.deepEqual(accounts.user('ann')?.tags, ['management'])
    const { permissions, limits } = accounts
    await refusedWith('preconditionFailed', accounts.addUser('ann', null, []))
    await done(accounts.putUser('ann', { password: 'x' }, []))
    await refusedWith('invalidRequest', accounts.addUser('', null, []))
    await refusedWith('invalidRequest', accounts.addUser('é'.repeat(128), null, []))
    await refusedWith('invalidRequest', accounts.addUser('\ud800', null, []))
    await refusedWith('invalidRequest', accounts.addUser('bob', { password: '' }, []))
    await refusedWith('invalidRequest', accounts.deleteUser('bob'))
    await refusedWith('invalidRequest', accounts.setTags('bob', []))
    await refusedWith('invalidRequest', permissions.set('bob', '/', all))
    await refusedWith('vhostNotFound', permissions.set('ann', 'other', all))
    await refusedWith('invalidRequest', permissions.set('ann', '/', { ...all, read: '(' }))
    await refusedWith('invalidRequest', limits.setVhost('/', 'max-channels', 1))
    await refusedWith('invalidRequest', limits.setUser('ann', 'max-channels', 1.5))
  })
})

test('changes that meet are all made', async () => {
  await withAccounts(async (accounts) => {
    await done(accounts.addUser('ann', null, []))
    const add = (name: string) =>
      accounts.permissions.change('ann', '/', (texts) => ({
        ok: true,
        value: { configure: '', write: '', read: `${texts?.read ?? '^$'}|^${name}$` },
      }))
    const names = ['a', 'b', 'c', 'd', 'e']
    for (const result of await Promise.all(names.map(add))) assert.ok(result.ok)
    for (const name of names) assert.ok(accounts.authorizer.may('ann', '/', 'read', name))
  })
})
