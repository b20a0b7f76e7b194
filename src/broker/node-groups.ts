// The groups of this node: one coordinator for each partition of the internal topic, made when a
// group there is first asked for, or at the start if its partition holds records. Which partition a
// group belongs to is the same computation as in Kafka.
import { GroupBudget } from '../coordinator/group-budget.ts'
import { GroupCoordinator } from '../coordinator/group-coordinator.ts'
import type { StoredRecord } from '../coordinator/group-loader.ts'
import { defaultGroupOptions, type GroupOptions } from '../coordinator/group-options.ts'
import { groupPartition } from '../coordinator/group-partition.ts'
import type {
  CommitRequest,
  FetchOffsetsAnswer,
  GroupDescription,
  GroupFilter,
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
} from '../coordinator/group-requests.ts'
import type { Chance } from '../io/chance.ts'
import type { Clock } from '../io/clock.ts'
import type { Appender } from '../log/appender.ts'
import type { ErrorName } from '../model/errors.ts'
import type { Groups } from './api.ts'

export interface NodeGroupsParts {
  readonly clock: Clock
  readonly chance: Chance
  readonly options: Partial<GroupOptions>
  /** Of the internal topic; never changes once it exists. */
  readonly partitions: number
  appenderOf(partition: number): Appender
}

export class NodeGroups implements Groups {
  readonly #parts: NodeGroupsParts
  readonly #coordinators = new Map<number, GroupCoordinator>()
  readonly #budget: GroupBudget

  constructor(parts: NodeGroupsParts) {
    this.#parts = parts
    this.#budget = new GroupBudget({ ...defaultGroupOptions, ...parts.options })
  }

  /** Takes over what a partition of the internal topic holds, oldest first. */
  load(partition: number, records: Iterable<StoredRecord>): void {
    this.#make(partition, records)
  }

  /** What a partition held cannot be told any more: its groups are not available. */
  refuse(partition: number): void {
    this.#add(partition).refuse()
  }

  stop(): void {
    for (const coordinator of this.#coordinators.values()) coordinator.stop()
  }

  forgetTopic(topic: string): void {
    for (const coordinator of this.#coordinators.values()) coordinator.forgetTopic(topic)
  }

  /** Forgets all topics but those that are there. */
  retainTopics(isThere: (topic: string) => boolean): void {
    const named = new Set<string>()
    for (const coordinator of this.#coordinators.values())
      for (const topic of coordinator.topicsWithOffsets()) named.add(topic)
    for (const topic of named) if (!isThere(topic)) this.forgetTopic(topic)
  }

  join(request: JoinRequest, reply: (answer: JoinAnswer) => void): void {
    this.#of(request.groupId).join(request, reply)
  }

  sync(request: SyncRequest, reply: (answer: SyncAnswer) => void): void {
    this.#of(request.groupId).sync(request, reply)
  }

  heartbeat(request: MemberRequest): ErrorName | null {
    return this.#of(request.groupId).heartbeat(request)
  }

  leave(request: LeaveRequest): LeaveAnswer {
    return this.#of(request.groupId).leave(request)
  }

  commit(request: CommitRequest, reply: (answer: OffsetsAnswer) => void): void {
    this.#of(request.groupId).commit(request, reply)
  }

  fetchOffsets(groupId: string, topics: readonly TopicPartitions[] | null): FetchOffsetsAnswer {
    return this.#of(groupId).fetchOffsets(groupId, topics)
  }

  deleteOffsets(
    groupId: string,
    topics: readonly TopicPartitions[],
    reply: (answer: OffsetsAnswer) => void,
  ): void {
    this.#of(groupId).deleteOffsets(groupId, topics, reply)
  }

  describe(groupId: string): GroupDescription {
    return this.#of(groupId).describe(groupId)
  }

  list(filter: GroupFilter): { error: ErrorName | null; groups: readonly ListedGroup[] } {
    const groups: ListedGroup[] = []
    for (const coordinator of this.#coordinators.values()) {
      const listed = coordinator.list(filter)
      if (listed.error !== null) return listed
      for (const group of listed.groups) groups.push(group)
    }
    return { error: null, groups }
  }

  deleteGroup(groupId: string, reply: (error: ErrorName | null) => void): void {
    this.#of(groupId).deleteGroup(groupId, reply)
  }

  #of(groupId: string): GroupCoordinator {
    const partition = groupPartition(groupId, this.#parts.partitions)
    return this.#coordinators.get(partition) ?? this.#make(partition, [])
  }

  #make(partition: number, records: Iterable<StoredRecord>): GroupCoordinator {
    const coordinator = this.#add(partition)
    coordinator.load(records)
    return coordinator
  }

  #add(partition: number): GroupCoordinator {
    const { clock, chance, options, appenderOf } = this.#parts
    const coordinator = new GroupCoordinator({
      clock,
      chance,
      options,
      budget: this.#budget,
      appender: appenderOf(partition),
    })
    this.#coordinators.set(partition, coordinator)
    return coordinator
  }
}
