// All groups of one coordinator, by id, and no more of them than the budget of the node has room
// for. Owned by GroupCoordinator.
import type { Clock } from '../io/clock.ts'
import { Group } from './group.ts'
import { type GroupBudget, groupCost } from './group-budget.ts'
import { TopicIndex } from './topic-index.ts'

export class Groups {
  private readonly byId = new Map<string, Group>()
  private readonly clock: Clock
  private readonly budget: GroupBudget
  private readonly topics = new TopicIndex<Group>()

  constructor(clock: Clock, budget: GroupBudget) {
    this.clock = clock
    this.budget = budget
  }

  get size(): number {
    return this.byId.size
  }

  get(id: string): Group | null {
    return this.byId.get(id) ?? null
  }

  /** Those that keep offsets of a topic. */
  withOffsetsOf(topic: string): readonly Group[] {
    return this.topics.of(topic)
  }

  all(): Iterable<Group> {
    return this.byId.values()
  }

  /** The group of this id, made if need be; null when there is no room for another. */
  getOrAdd(id: string): Group | null {
    const { budget } = this
    const hasRoom = (): boolean => budget.hasRoomForGroup(id)
    return this.get(id) ?? (budget.makeRoom(hasRoom) ? this.add(id) : null)
  }

  /** Without regard to the limit: what is in the log has been accepted before. */
  getOrRestore(id: string): Group {
    return this.get(id) ?? this.add(id)
  }

  remove(id: string): void {
    const group = this.byId.get(id)
    if (group === undefined) return
    group.clear()
    this.byId.delete(id)
    this.budget.groups--
    this.budget.bytes -= groupCost(id)
  }

  private add(id: string): Group {
    const group = new Group(id, this.clock.now(), this.budget, this.topics)
    this.byId.set(id, group)
    this.budget.groups++
    this.budget.bytes += groupCost(id)
    return group
  }
}
