// What all groups of one node keep in memory together, and how much that may be. One for all
// coordinators of a node: a bound for each would be reached by groups whose ids were chosen to meet
// in one of them. Invariant: the sums are those of what is there. Counted by Groups, Group and
// CommittedOffsets; what is in the log is taken on without regard to it.
import type { GroupProtocol } from './group-requests.ts'

/** What the engine takes for one of each, rounded up, without what is counted below. */
const groupBytes = 2_048
const memberBytes = 2_048
const pendingBytes = 768
const offsetBytes = 256

const newGroupsShare = 3 / 4

export const groupCost = (id: string): number => groupBytes + id.length

interface Member {
  readonly protocols: readonly GroupProtocol[]
  readonly assignment: Uint8Array
  readonly clientId: string
  readonly instanceId: string | null
}

export const memberCost = ({ protocols, assignment, clientId, instanceId }: Member): number =>
  protocols.reduce(
    (sum, { name, metadata }) => sum + name.length + metadata.length,
    // Part of the client's id stands in the member's as well.
    memberBytes + assignment.length + 2 * (clientId.length + (instanceId?.length ?? 0)),
  )

export const pendingCost = (memberId: string): number => pendingBytes + memberId.length

export const offsetCost = (metadata: string): number => offsetBytes + metadata.length

export class GroupBudget {
  groups = 0
  bytes = 0
  readonly groupsMax: number
  readonly bytesMax: number
  /** For each member id that was handed out and not used yet, what takes it back; oldest first. */
  readonly handedOut = new Map<object, () => void>()

  constructor(options: { readonly groupsMax: number; readonly memoryBytesMax: number }) {
    this.groupsMax = options.groupsMax
    this.bytesMax = options.memoryBytesMax
  }

  /** A part stays free of new groups, so that those that are there can have their members. */
  hasRoomForGroup(id: string): boolean {
    const isWithin = this.bytes + groupCost(id) <= this.bytesMax * newGroupsShare
    return isWithin && this.groups < this.groupsMax
  }

  hasRoom(bytes: number): boolean {
    return this.bytes + bytes <= this.bytesMax
  }

  /**
   * Takes handed-out ids back until there is room: whoever means to use one does so at once, or
   * asks for another. False: there is none, and no room.
   */
  makeRoom(hasRoom: () => boolean): boolean {
    for (const takeBack of this.handedOut.values()) {
      if (hasRoom()) return true
      takeBack()
    }
    return hasRoom()
  }
}
