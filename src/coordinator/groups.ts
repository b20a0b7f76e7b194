// All groups of one coordinator, by id, and no more of them than its limit. Owned by
// GroupCoordinator.
import type { Clock } from '../io/clock.ts'
import { Group } from './group.ts'

export class Groups {
  private readonly byId = new Map<string, Group>()
  private readonly clock: Clock
  private readonly groupsMax: number

  constructor(clock: Clock, groupsMax: number) {
    this.clock = clock
    this.groupsMax = groupsMax
  }

  get size(): number {
    return this.byId.size
  }

  get(id: string): Group | null {
    return this.byId.get(id) ?? null
  }

  all(): Iterable<Group> {
    return this.byId.values()
  }

  /** The group of this id, made if need be; null when there is no room for another. */
  getOrAdd(id: string): Group | null {
    return this.get(id) ?? (this.byId.size < this.groupsMax ? this.add(id) : null)
  }

  /** Without regard to the limit: what is in the log has been accepted before. */
  getOrRestore(id: string): Group {
    return this.get(id) ?? this.add(id)
  }

  remove(id: string): void {
    this.byId.delete(id)
  }

  private add(id: string): Group {
    const group = new Group(id, this.clock.now())
    this.byId.set(id, group)
    return group
  }
}
