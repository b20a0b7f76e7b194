// Groups as one user may use them: to be a member and to commit takes the right to read the group's
// id and the topics; to see what it has committed, to see both; to delete any of it, to configure
// the group. Listings leave out what the user may not see.
import type { ErrorName } from '../../model/errors.ts'
import type {
  CommitRequest,
  FetchOffsetsAnswer,
  GroupDescription,
  GroupFilter,
  Groups,
  JoinAnswer,
  JoinRequest,
  LeaveAnswer,
  LeaveRequest,
  ListedGroup,
  MemberRequest,
  OffsetsAnswer,
  SyncAnswer,
  SyncRequest,
  TopicPartitions,
} from '../api.ts'
import type { Subject } from './subject.ts'

const error = 'groupNotAuthorized'
const nothing = new Uint8Array(0)

export class AuthorizedGroups implements Groups {
  readonly #groups: Groups
  readonly #subject: Subject

  constructor(groups: Groups, subject: Subject) {
    this.#groups = groups
    this.#subject = subject
  }

  join(request: JoinRequest, reply: (answer: JoinAnswer) => void): void {
    if (this.#subject.may('read', request.groupId)) {
      this.#groups.join(request, reply)
      return
    }
    const { memberId } = request
    const refused = { protocolType: null, protocol: null, leader: '', skipAssignment: false }
    reply({ error, memberId, generation: -1, ...refused, members: [] })
  }

  sync(request: SyncRequest, reply: (answer: SyncAnswer) => void): void {
    if (this.#subject.may('read', request.groupId)) this.#groups.sync(request, reply)
    else reply({ error, protocolType: null, protocol: null, assignment: nothing })
  }

  heartbeat(request: MemberRequest): ErrorName | null {
    return this.#subject.may('read', request.groupId) ? this.#groups.heartbeat(request) : error
  }

  leave(request: LeaveRequest): LeaveAnswer {
    if (this.#subject.may('read', request.groupId)) return this.#groups.leave(request)
    return { error, members: [] }
  }

  commit(request: CommitRequest, reply: (answer: OffsetsAnswer) => void): void {
    if (!this.#subject.may('read', request.groupId)) {
      reply({ error, topics: [] })
      return
    }
    const may = ({ topic }: { topic: string }) => this.#subject.mayTopic('read', topic)
    const topics = request.topics.filter(may)
    this.#groups.commit({ ...request, topics }, (answer) => {
      const asked = request.topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map((each) => each.partition),
      }))
      reply(withRefused(answer, asked, may))
    })
  }

  fetchOffsets(groupId: string, topics: readonly TopicPartitions[] | null): FetchOffsetsAnswer {
    if (!this.#subject.maySeeGroup(groupId)) return { error, topics: [] }
    const may = ({ topic }: { topic: string }) => this.#subject.maySee(topic)
    const answer = this.#groups.fetchOffsets(groupId, topics?.filter(may) ?? null)
    if (answer.error !== null) return answer
    if (topics === null) return { error: null, topics: answer.topics.filter(may) }
    let next = 0
    const answered = topics.map((asked) => {
      const known = may(asked) ? answer.topics[next++] : undefined
      return known ?? { topic: asked.topic, partitions: asked.partitions.map(unseen) }
    })
    return { error: null, topics: answered }
  }

  deleteOffsets(
    groupId: string,
    topics: readonly TopicPartitions[],
    reply: (answer: OffsetsAnswer) => void,
  ): void {
    if (!this.#subject.may('configure', groupId)) {
      reply({ error, topics: [] })
      return
    }
    const may = ({ topic }: { topic: string }) => this.#subject.mayTopic('read', topic)
    this.#groups.deleteOffsets(groupId, topics.filter(may), (answer) =>
      reply(withRefused(answer, topics, may)),
    )
  }

  describe(groupId: string): GroupDescription {
    if (this.#subject.maySeeGroup(groupId)) return this.#groups.describe(groupId)
    return { error, groupId, state: '', protocolType: '', protocol: '', members: [] }
  }

  list(filter: GroupFilter): { error: ErrorName | null; groups: readonly ListedGroup[] } {
    const { error: failed, groups } = this.#groups.list(filter)
    const seen = groups.filter(({ groupId }) => this.#subject.maySeeGroup(groupId))
    return { error: failed, groups: seen }
  }

  deleteGroup(groupId: string, reply: (error: ErrorName | null) => void): void {
    if (this.#subject.may('configure', groupId)) this.#groups.deleteGroup(groupId, reply)
    else reply(error)
  }
}

const unseen = (partition: number) => ({
  partition,
  offset: -1,
  leaderEpoch: -1,
  metadata: '',
  error: 'accessRefused' as const,
})

/** The answer about the allowed topics, with the others at their places. */
function withRefused(
  answer: OffsetsAnswer,
  asked: readonly TopicPartitions[],
  may: (topic: TopicPartitions) => boolean,
): OffsetsAnswer {
  if (answer.error !== null) return answer
  let next = 0
  const topics = asked.map((each) => {
    const known = may(each) ? answer.topics[next++] : undefined
    const refused = (partition: number) => ({ partition, error: 'accessRefused' as const })
    return known ?? { topic: each.topic, partitions: each.partitions.map(refused) }
  })
  return { error: null, topics }
}
