// Which groups keep offsets of a topic, so that a topic that goes costs nothing to the groups that
// know nothing of it. Invariant: a group stands here as long as one of its partitions has a place.
// Kept by the CommittedOffsets of each group, read by GroupCoordinator.

export class TopicIndex<Group> {
  private readonly groups = new Map<string, Set<Group>>()

  /** As they are now. */
  of(topic: string): readonly Group[] {
    return [...(this.groups.get(topic) ?? [])]
  }

  add(topic: string, group: Group): void {
    const groups = this.groups.get(topic)
    if (groups === undefined) this.groups.set(topic, new Set([group]))
    else groups.add(group)
  }

  remove(topic: string, group: Group): void {
    const groups = this.groups.get(topic)
    if (groups?.delete(group) && groups.size === 0) this.groups.delete(topic)
  }
}
