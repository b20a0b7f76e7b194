// Permissions as access lists at the door: which line fits which filter, what a filter takes away,
// and what cannot be said in permissions.
import assert from 'node:assert/strict'
import test from 'node:test'
import { authorizedBroker } from '../../../src/broker/access/authorized-broker.ts'
import { memoryDisk } from '../../../src/io/memory-disk.ts'
import { SimChance } from '../../../src/io/sim/sim-chance.ts'
import { EmbeddedStore } from '../../../src/metadata/embedded-store.ts'
import { createAcls, deleteAcls, describeAcls } from '../../../src/protocol/kafka/schema/acls.ts'
import { saslAuthenticate, saslHandshake } from '../../../src/protocol/kafka/schema/sasl.ts'
import { Accounts } from '../../../src/security/access/accounts.ts'
import { TestDoor } from './test-door.ts'

const anything = {
  resourceTypeFilter: 1,
  resourceNameFilter: null,
  patternTypeFilter: 1,
  principalFilter: null,
  hostFilter: null,
  operation: 1,
  permissionType: 1,
}
const line = {
  resourceType: 2,
  resourceName: 'new',
  resourcePatternType: 3,
  principal: 'User:ann',
  host: '*',
  operation: 3,
  permissionType: 3,
}
type Filter = { [name in keyof typeof anything]?: number | string | null }

async function open() {
  const store = await EmbeddedStore.open(memoryDisk(), 'metadata')
  const chance = new SimChance(3)
  const accounts = await Accounts.open({ store, chance, loopbackUsers: () => [] })
  const host = await TestDoor.open({
    sasl: accounts.login.offer(['PLAIN']),
    brokerOf: (broker, user) => authorizedBroker(broker, accounts, user, '/'),
  })
  const texts = { configure: '^eu\\.', write: '.*', read: '^a\\.b$|^eu\\..*' }
  for (const result of [
    await accounts.addUser('root', { password: 'x' }, ['administrator']),
    await accounts.addUser('ann', { password: 'x' }, []),
    await accounts.permissions.set('ann', '/', texts),
  ])
    assert.ok(result.ok)
  const client = host.connect()
  await client.call(saslHandshake, 1, { mechanism: 'PLAIN' })
  await client.call(saslAuthenticate, 2, { authBytes: Buffer.from('\0root\0x') })
  const shown = async (filter: Filter): Promise<string[]> => {
    const answer = await client.call(describeAcls, 3, { ...anything, ...filter } as typeof anything)
    assert.equal(answer.errorCode, 0)
    return answer.resources
      .flatMap(({ resourceType, patternType, resourceName, acls }) =>
        acls.map(({ operation }) => `${resourceType}${patternType} ${resourceName} ${operation}`),
      )
      .sort()
  }
  const takeAway = async (filter: Filter) => {
    const filters = [{ ...anything, ...filter } as typeof anything]
    const [answer] = (await client.call(deleteAcls, 3, { filters })).filterResults
    assert.ok(answer)
    return answer
  }
  return { accounts, client, shown, takeAway, texts: () => accounts.permissions.of('ann', '/') }
}

test('a filter finds the lines that fit it', async () => {
  const { shown, client } = await open()
  const configure = ['24 eu. 11', '24 eu. 5', '24 eu. 6', '24 eu. 7', '34 eu. 6']
  const read = ['23 a.b 3', '33 a.b 3', '24 eu. 3', '34 eu. 3']
  const all = [...configure, ...read, '23 * 4'].sort()
  assert.deepEqual(await shown({}), all)
  assert.deepEqual(await shown({ operation: 4 }), ['23 * 4'])
  assert.deepEqual(await shown({ resourceTypeFilter: 3, operation: 3 }), ['33 a.b 3', '34 eu. 3'])
  assert.deepEqual(await shown({ patternTypeFilter: 3, resourceNameFilter: 'eu.' }), [])
  const matching = { patternTypeFilter: 2, resourceTypeFilter: 2 }
  assert.deepEqual(await shown({ ...matching, resourceNameFilter: 'a.b' }), ['23 * 4', '23 a.b 3'])
  assert.deepEqual(await shown({ ...matching, resourceNameFilter: 'eu.x', operation: 3 }), [
    '24 eu. 3',
  ])
  for (const nothing of [
    { principalFilter: 'User:root' },
    { hostFilter: '10.0.0.1' },
    { permissionType: 2 },
    { resourceTypeFilter: 4 },
  ])
    assert.deepEqual(await shown(nothing), [])
  for (const unknown of [{ operation: 0 }, { resourceTypeFilter: 99 }, { patternTypeFilter: 0 }]) {
    const answer = await client.call(describeAcls, 3, { ...anything, ...unknown })
    assert.equal(answer.errorCode, 42)
  }
})

test('what is taken away is shown whole, and a part of a right stays', async () => {
  const { takeAway, texts } = await open()
  const part = await takeAway({ operation: 5 })
  assert.equal(part.matchingAcls[0]?.errorCode, 42)
  assert.equal(texts()?.configure, '^eu\\.')
  const read = await takeAway({ operation: 3, resourceNameFilter: 'a.b', resourceTypeFilter: 3 })
  assert.deepEqual(
    read.matchingAcls.map((each) => [each.errorCode, each.resourceType]),
    [
      [0, 2],
      [0, 3],
    ],
  )
  assert.equal(texts()?.read, '^eu\\..*', 'the rest stays as it was written')
  await takeAway({})
  assert.equal(texts(), null)
})

test('of an expression nothing is shown or taken away; what is added to it is', async () => {
  const { accounts, client, shown, takeAway, texts } = await open()
  const set = { configure: '', write: '', read: '^(a|b)+$' }
  assert.ok((await accounts.permissions.set('ann', '/', set)).ok)
  assert.deepEqual(await shown({}), [])
  for (let times = 0; times < 2; times++) {
    const made = await client.call(createAcls, 3, { creations: [line] })
    assert.equal(made.results[0]?.errorCode, 0)
    assert.equal(texts()?.read, '^(a|b)+$|^new$')
  }
  for (const name of ['new', 'abba']) assert.ok(accounts.authorizer.may('ann', '/', 'read', name))
  assert.deepEqual(await shown({ resourceTypeFilter: 2, operation: 3 }), ['23 new 3'])
  assert.equal((await takeAway({ operation: 3 })).errorCode, 0)
  assert.equal(texts()?.read, '^(a|b)+$')
  assert.deepEqual((await takeAway({})).matchingAcls, [])
})

test('each creation has its own answer, and gives no more than it says', async () => {
  const { accounts, client } = await open()
  assert.ok((await accounts.addUser('bob', null, [])).ok)
  const bob = { ...line, principal: 'User:bob' }
  const creations = [
    { ...bob, operation: 8 },
    { ...bob, operation: 3 },
    { ...bob, operation: 4, resourcePatternType: 4, resourceName: 'x.' },
    { ...bob, operation: 5, resourceName: 'y' },
    { ...bob, operation: 4, resourceType: 3 },
    { ...bob, operation: 2, resourceType: 3, resourceName: 'group' },
    { ...bob, principal: 'User:*' },
    { ...bob, principal: 'bob' },
    { ...bob, resourceName: '' },
    { ...bob, resourcePatternType: 2 },
    { ...bob, host: 'there' },
    { ...bob, permissionType: 2 },
    { ...bob, resourceType: 4, operation: 9 },
    { ...bob, principal: 'User:absent' },
  ]
  const { results } = await client.call(createAcls, 3, { creations })
  const codes = results.map(({ errorCode }) => errorCode)
  assert.deepEqual(codes, [0, 0, 0, 42, 42, 0, 42, 42, 42, 42, 42, 42, 42, 42])
  assert.deepEqual(accounts.permissions.of('bob', '/'), {
    configure: '^group$',
    write: '^x\\.',
    read: '^new$|^group$',
  })
})
