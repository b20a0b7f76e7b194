// Row 14, and what else clients may say to the coordinator of groups.
import { joinGroup, syncGroup } from '../../../../src/protocol/kafka/schema/join-group.ts'
import { offsetCommit } from '../../../../src/protocol/kafka/schema/offset-commit.ts'
import type { Draft } from '../../../../src/wire/schema.ts'
import { requestFrame } from '../../../protocol/kafka/request-frame.ts'
import { prepare } from '../ask.ts'
import type { Case, World } from '../case.ts'
import { nameOf } from '../kafka-codes.ts'
import type { RawClient } from '../raw-client.ts'

type Join = Draft<typeof joinGroup.request.body>

const topic = 'grouped'
const joinVersion = 5
const sessionTimeoutMs = 6_000
const intMax = 0x7fffffff
/** Until all of a flood have come. */
const aWhile = { sessionTimeoutMs: 20_000 }
const memberIdRequired = 79

const join = (groupId: string, more: Partial<Join> = {}): Join => ({
  groupId,
  sessionTimeoutMs,
  rebalanceTimeoutMs: 6_000,
  memberId: '',
  groupInstanceId: null,
  protocolType: 'consumer',
  protocols: [{ name: 'range', metadata: Buffer.from('m') }],
  ...more,
})

const joins = (sent: string, answer: string, groupId: string, more: () => Partial<Join>): Case => ({
  row: 14,
  sent: `JoinGroup with ${sent}`,
  answer,
  run: async ({ connect }) => {
    const client = await (await connect()).greet()
    return nameOf((await client.call(joinGroup, joinVersion, join(groupId, more()))).errorCode)
  },
})

/** Joins as one that has its id; resolves to what the join answers. */
async function member(client: RawClient, groupId: string) {
  const first = await client.call(joinGroup, joinVersion, join(groupId))
  return client.call(joinGroup, joinVersion, join(groupId, { memberId: first.memberId }))
}

const refused: readonly Case[] = [
  joins('the group id ""', nameOf(24), '', () => ({})),
  joins('a group id of 5,000 characters', nameOf(24), 'g'.repeat(5_000), () => ({})),
  joins('session timeout 0', nameOf(26), 'bad', () => ({ sessionTimeoutMs: 0 })),
  joins('session timeout -1', nameOf(26), 'bad', () => ({ sessionTimeoutMs: -1 })),
  joins('session timeout 2^31-1', nameOf(26), 'bad', () => ({ sessionTimeoutMs: intMax })),
  joins('10 MiB of metadata', nameOf(44), 'bad', () => ({
    protocols: [{ name: 'range', metadata: Buffer.alloc(10 << 20) }],
  })),
  joins('1,000 protocols', nameOf(44), 'bad', () => ({
    protocols: Array.from({ length: 1_000 }, (_, i) => ({
      name: `p${i}`,
      metadata: Buffer.alloc(0),
    })),
  })),
  joins('no protocols', nameOf(23), 'bad', () => ({ protocols: [] })),
  joins('a member id that nobody was given', nameOf(25), 'bad-2', () => ({ memberId: 'mine' })),
]

const others: readonly Case[] = [
  {
    row: 14,
    sent: 'the same member on two connections',
    answer: `${nameOf(0)}, then ${nameOf(0)}`,
    run: async ({ connect }) => {
      const [one, two] = [await (await connect()).greet(), await (await connect()).greet()]
      const first = await member(one, 'twice')
      const { memberId } = first
      const again = await two.call(joinGroup, joinVersion, join('twice', { memberId }))
      return `${nameOf(first.errorCode)}, then ${nameOf(again.errorCode)}`
    },
  },
  {
    row: 14,
    sent: 'SyncGroup with 10,000 assignments of strangers',
    answer: nameOf(0),
    run: async ({ connect }) => {
      const client = await (await connect()).greet()
      const { memberId, generationId } = await member(client, 'strangers')
      const answer = await client.call(syncGroup, 3, {
        groupId: 'strangers',
        generationId,
        memberId,
        groupInstanceId: null,
        assignments: Array.from({ length: 10_000 }, (_, i) => ({
          memberId: `m${i}`,
          assignment: Buffer.alloc(10),
        })),
      })
      return nameOf(answer.errorCode)
    },
  },
  {
    row: 14,
    sent: 'OffsetCommit of an offset beyond 2^53',
    answer: nameOf(1),
    run: (world) =>
      commit(world, (frame) => frame.writeBigInt64BE(2n ** 63n - 1n, frame.indexOf(mark))),
  },
  {
    row: 14,
    sent: 'OffsetCommit with 100,000 characters of metadata',
    answer: nameOf(12),
    run: (world) => commit(world, () => undefined, 'm'.repeat(30_000)),
  },
  {
    row: 14,
    sent: 'JoinGroup for 110,000 new groups that nobody comes back to, more than there may be',
    answer: nameOf(memberIdRequired),
    isLong: true,
    run: async ({ connect }) => {
      const client = await (await connect()).greet()
      let worst = memberIdRequired
      const [each, rounds] = [1_000, 110]
      for (let round = 0; round < rounds && worst === memberIdRequired; round++) {
        for (let i = 0; i < each; i++)
          client.request(joinGroup, joinVersion, join(`flood-${round * each + i}`, aWhile))
        for (let i = 0; i < each; i++) {
          const { errorCode } = await client.answer(joinGroup, joinVersion)
          if (errorCode !== memberIdRequired) worst = errorCode
        }
      }
      return nameOf(worst)
    },
  },
]

const commitVersion = 6
const offset = 0x0102_0304_0506
const mark = Buffer.from('0000010203040506', 'hex')

async function commit(
  { connect }: World,
  change: (frame: Buffer) => void,
  committedMetadata = '',
): Promise<string> {
  const client = await (await connect()).greet()
  await prepare(client, { name: topic })
  const frame = requestFrame(offsetCommit, commitVersion, {
    groupId: 'alone',
    generationIdOrMemberEpoch: -1,
    memberId: '',
    topics: [
      {
        name: topic,
        partitions: [
          {
            partitionIndex: 0,
            committedOffset: offset,
            committedLeaderEpoch: -1,
            committedMetadata,
          },
        ],
      },
    ],
  })
  change(frame)
  client.send(frame)
  const answer = await client.answer(offsetCommit, commitVersion)
  return nameOf(answer.topics[0]?.partitions[0]?.errorCode)
}

export const groups: readonly Case[] = [...refused, ...others]
